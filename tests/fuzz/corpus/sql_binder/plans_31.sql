SELECT window_start, window_end, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end
