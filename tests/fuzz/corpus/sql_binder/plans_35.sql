SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE (SELECT t, v FROM s WHERE v > 1), DESCRIPTOR(t), INTERVAL '1' SECOND)) GROUP BY window_start, window_end
