#!/usr/bin/env python3
"""Reads the demo's tables with deltalake and holds them against the producer's ledger with DuckDB.

Shares no code with the engine and asks none of its counters.
usage: foreign_reader.py DIRECTORY      (checks again what a demo has left there)
"""
import os
import pathlib
import re
import sys

import duckdb
import pyarrow
from deltalake import DeltaTable, QueryBuilder

TABLES = ("clicks_raw", "clicks_5s", "clicks_late", "clicks_dead")

# Missing and surplus rows, where `wanted` and `found` are tables with the place of a record in the topic.
BY_PLACE = """
    select coalesce(sum(greatest(wanted - found, 0)), 0)::bigint, coalesce(sum(greatest(found - wanted, 0)), 0)::bigint
    from (select "partition", "offset", sum(wanted) wanted, sum(found) found
          from (select "partition", "offset", 1 wanted, 0 found from {wanted}
                union all
                select "partition", "offset", 0, 1 from {found}) group by all)"""

# What the tables must be, computed from the ledger and from the rows that were declared late.
EXPECTED = """
    create table good as
      select *, max(event_time_ms) over (partition by "partition" order by "offset"
                                         rows between unbounded preceding and 1 preceding) newest_before
      from ledger where kind <> 'bad';
    create table bad as select * from ledger where kind = 'bad';
    create table wanted_windows as
      select user_id, event_time_ms // {size_ms} * {size_ms} start_ms, count(*) n, sum(amount) amount
      from good where ("partition", "offset") not in (select ("partition", "offset") from clicks_late) group by all;
    create table found_windows as
      select user_id, epoch_ms(window_start) start_ms, sum(clicks) n, sum(amount) amount, count(*) num_rows
      from clicks_5s group by all;
    create table windows as
      select coalesce(w.n, 0) wanted, coalesce(f.n, 0) found,
             w.amount is not distinct from f.amount and f.num_rows = 1 same
      from wanted_windows w full join found_windows f using (user_id, start_ms)"""

LEDGER_IS_WHOLE = """
    select count(*) = count(distinct ("partition", "offset")) and
           count(*) = (select sum(n) from (select max("offset") + 1 n from ledger group by "partition")) from ledger"""
OTHER_VALUES = """
    select count(*) from {table} t left join good l using ("partition", "offset")
    where l.kind is null or (t.user_id, t.url, t.amount, epoch_ms(t.event_time))
                            is distinct from (l.user_id, l.url, l.amount, l.event_time_ms)"""
OTHER_BYTES = """
    select count(*) from clicks_dead t left join bad l using ("partition", "offset")
    where l.kind is null or t.value is distinct from unhex(l.value)"""
LATE_WITHIN_BOUND = """
    select count(*) from clicks_late join good l using ("partition", "offset")
    where l.event_time_ms >= coalesce(l.newest_before, l.event_time_ms) - {bound_ms}"""


class ForeignReader:
    def __init__(self, directory):
        self.tables = directory / "tables"
        script = (directory / "clicks.sql").read_text()
        seconds = lambda what: int(re.search(what + r" INTERVAL '(\d+)' SECOND", script).group(1))
        self.bound_ms = 1000 * seconds("event_time -")
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'")
        self.duck.execute("""create table ledger ("partition" int, "offset" bigint, kind varchar, user_id varchar,
                             url varchar, amount bigint, event_time_ms bigint, value varchar)""")
        self.duck.execute(f"copy ledger from '{directory / 'ledger.csv'}' (header)")
        self.versions = {}
        for name in TABLES:
            table = DeltaTable(str(self.tables / name))
            self.versions[name] = table.version()
            rows = QueryBuilder().register("t", table).execute("select * from t").read_all()
            self.duck.register("arrow_rows", pyarrow.table(rows))
            self.duck.execute(f"create table {name} as select * from arrow_rows")
        self.duck.execute(EXPECTED.format(size_ms=1000 * seconds(r"DESCRIPTOR\(event_time\),")))

    def rows(self, sql):
        return self.duck.execute(sql).fetchall()

    def one(self, sql):
        return self.rows(sql)[0][0]

    def count(self, table):
        return self.one(f"select count(*) from {table}")

    def partition(self):
        """Records of the ledger; clicks that windows count; late rows; dead letters."""
        counted = self.one("select coalesce(sum(clicks), 0)::bigint from clicks_5s")
        return self.count("ledger"), counted, self.count("clicks_late"), self.count("clicks_dead")

    def verdict(self):
        """Lost and duplicated records, and other faults as text: 0, 0, [] if all is well."""
        raw = self.rows(BY_PLACE.format(wanted="good", found="clicks_raw"))[0]
        dead = self.rows(BY_PLACE.format(wanted="bad", found="clicks_dead"))[0]
        late_twice = self.one('select count(*) - count(distinct ("partition", "offset")) from clicks_late')
        counted = self.rows("""select coalesce(sum(greatest(wanted - found, 0)), 0)::bigint,
                                      coalesce(sum(greatest(found - wanted, 0)), 0)::bigint from windows""")[0]
        checks = [
            (not self.one(LEDGER_IS_WHOLE), "fault of the ledger, which must name every offset once"),
            (self.one(OTHER_VALUES.format(table="clicks_raw")), "raw rows that the producer did not write so"),
            (self.one(OTHER_VALUES.format(table="clicks_late")), "late rows that the producer did not write so"),
            (self.one(OTHER_BYTES), "dead letters with other bytes than the record"),
            (self.one("select count(*) from windows where wanted = found and not same"), "windows with a wrong sum"),
            (self.one(LATE_WITHIN_BOUND.format(bound_ms=self.bound_ms)), "late rows within their partition's bound"),
            (self.count("clicks_late") == 0, "fault of the producer: no row came late"),
        ]
        faults = [f"{int(number):,} {what}" for number, what in checks if number]
        # A record that is neither in the raw table nor in the windows is lost once.
        return max(raw[0], counted[0]) + dead[0], max(raw[1], counted[1]) + dead[1] + late_twice, faults


def main():
    reader = ForeignReader(pathlib.Path(sys.argv[1]))
    lost, duplicated, faults = reader.verdict()
    print("{:,} written = {:,} in windows + {:,} late + {:,} dead".format(*reader.partition()))
    print(f"lost {lost}, duplicated {duplicated}", *faults, sep="; ", flush=True)
    return 1 if lost or duplicated or faults else 0


if __name__ == "__main__":
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    os._exit(main())
