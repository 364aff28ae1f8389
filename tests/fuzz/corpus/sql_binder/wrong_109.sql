INSERT INTO per_user SELECT k, window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE views_, DESCRIPTOR(seen), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end LATE DATA TO late_clicks
