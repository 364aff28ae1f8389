TABLE texts
