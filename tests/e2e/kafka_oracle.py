"""What the tables must hold, computed by DuckDB from the producer's ledger alone."""

import duckdb

# Longer pauses of a partition may have made it idle: the plan's timeout, less what delivery may take.
RESUMED_AFTER_MS = 3000
# How much of the other partitions may be read before a partition that is back counts again.
CATCH_UP_MS = 10_000


class KafkaOracle:
    def __init__(self, ledger, bound_ms, first_partitions):
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'")
        self.duck.execute(f"""
            create table ledger as select * from read_csv('{ledger}', delim='\t', header=false, quote='', columns={{
              'partition': 'int', 'offset': 'bigint', 'fate': 'varchar', 'kind': 'varchar', 'user_id': 'varchar',
              'event_ms': 'bigint', 'amount': 'bigint', 'at_ms': 'bigint'}});
            create table input as select *, kind like 'bad%' bad from ledger where fate = 'committed';
            create table good as select * exclude (bad, fate) from input where not bad;
            -- A partition that was added, or that came back after a pause, may bring late rows until it has caught up
            -- with the others.
            create table pauses as select partition, "offset", at_ms,
                at_ms - lag(at_ms) over one pause, row_number() over one = 1 and partition >= {first_partitions} added
              from input window one as (partition by partition order by "offset");
            create table resumed as select partition, "offset" from_offset,
                (select max(event_ms) from good where good.at_ms <= pauses.at_ms + {CATCH_UP_MS}) others_ms
              from pauses where pause > {RESUMED_AFTER_MS} or added;
            create table punctual as select partition, "offset" from (
                select partition, "offset", event_ms, max(event_ms) over (partition by partition order by "offset"
                 rows between unbounded preceding and 1 preceding) newest from good) row
              where (newest is null or event_ms >= newest - {bound_ms}) and not exists (
                select 1 from resumed where resumed.partition = row.partition and row."offset" >= from_offset
                 and coalesce(newest, 0) < others_ms);""")

    def number(self, sql):
        return self.duck.execute(sql).fetchone()[0]

    def same(self, what, expected, actual):
        """Both queries give the same rows, each as often."""
        lost = self.duck.execute(f"({expected}) except all ({actual})").fetchall()
        extra = self.duck.execute(f"({actual}) except all ({expected})").fetchall()
        assert not lost and not extra, f"{what}: lost {len(lost)}: {lost[:5]}; extra {len(extra)}: {extra[:5]}"

    def check(self, tables):
        """`tables`: Arrow tables rows, rows_late, windows, windows_late, dead."""
        for name, table in tables.items():
            self.duck.register(name, table)
        self.same(
            "the dead letters are the bad records",
            """select partition, "offset", user_id, kind = 'bad: no value' from input where bad""",
            """select partition, "offset", key::varchar, value is null from dead""",
        )
        assert self.number("select count(*) from dead where topic <> 'clicks' or error = '' or reason = ''") == 0
        self.same(
            "in-time rows, late rows and dead letters partition the input",
            """select partition, "offset" from input""",
            """select partition, "offset" from rows union all select partition, "offset" from rows_late
                 union all select partition, "offset" from dead""",
        )
        self.same(
            "in-time rows hold what was sent",
            """select partition, "offset", user_id, amount, event_ms, event_ms - event_ms % 30000, 1 from good
                 where (partition, "offset") not in (select partition, "offset" from rows_late)""",
            """select partition, "offset", user_id, amount, epoch_ms(event_time), epoch_ms(window_start), n
               from rows""",
        )
        for late, size in (("rows_late", 30_000), ("windows_late", 10_000)):
            self.same(
                f"{late} hold what was sent",
                f"""select partition, "offset", user_id, amount, event_ms, event_ms - event_ms % {size} + {size}
                 from good
                 where (partition, "offset") in (select partition, "offset" from {late})""",
                f"""select partition, "offset", user_id, amount, epoch_ms(event_time), epoch_ms(window_end)
                 from {late}""",
            )
            early = f"select count(*) from {late} where epoch_ms(watermark) < epoch_ms(window_end) - 1"
            assert self.number(early) == 0, f"{late}: rows whose window was open"
            broken = self.duck.execute(f"""
                select partition, "offset", epoch_ms(window_end), epoch_ms(watermark) from {late} semi join punctual
                 using (partition, "offset")""").fetchall()
            assert not broken, f"{late}: {len(broken)} rows were within their partition's bound: {broken[:5]}"
            assert self.number(f"select count(*) from {late}") > 0, f"{late}: nothing was late"
        self.same(
            "the windows are the oracle's",
            """select user_id, event_ms - event_ms % 10000, event_ms - event_ms % 10000 + 10000, count(*),
                 count(amount), sum(amount)::bigint, min(amount), max(amount), sum("offset")::bigint, max(event_ms) from good
                 where (partition, "offset") not in (select partition, "offset" from windows_late) group by all""",
            """select user_id, epoch_ms(window_start), epoch_ms(window_end), n, amounts, total, lowest, highest, offsets,
                 epoch_ms(newest) from windows""",
        )
        return {name: table.num_rows for name, table in tables.items()} | {
            "input": self.number("select count(*) from input"),
            "aborted": self.number("select count(*) from ledger where fate = 'aborted'"),
            "punctual": self.number("select count(*) from punctual"),
        }
