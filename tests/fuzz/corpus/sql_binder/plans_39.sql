INSERT INTO per_user SELECT k, window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end LATE DATA TO late_clicks
