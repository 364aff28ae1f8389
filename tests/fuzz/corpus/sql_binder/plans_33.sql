SELECT window_time, UPPER(k), AVG(price * 2) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '1' HOUR)) WHERE v > 3 GROUP BY window_start, window_end, window_time, UPPER(k)
