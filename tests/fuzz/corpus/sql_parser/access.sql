SELECT a.b, a.b.c.d, t.r.f;
SELECT (a).b, (a.b).c, f(x).y, f(x).y.z;
SELECT a[1], a['k'], a[1][2], a[1].b, a.b[1].c[2].d, ARRAY[1, 2][1], MAP['a', 1]['a'];
SELECT map[1], map;
SELECT (a + b)[1], (CASE WHEN a THEN b END).c, ROW(1, 2).f, CAST(a AS ROW<x INT>).x;
SELECT -a.b[1];
