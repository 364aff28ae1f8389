SELECT k, window_end FROM TUMBLE(TABLE views_, DESCRIPTOR(seen), INTERVAL '1' DAY) GROUP BY k, window_start, window_end
