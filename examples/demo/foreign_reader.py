#!/usr/bin/env python3
"""Reads the demo's tables with deltalake and holds them against the producer's ledger with DuckDB. Shares no code with the engine.

usage: foreign_reader.py DIRECTORY      (a directory that the demo has left; checks it again)
"""
import json
import os
import pathlib
import sys

import duckdb
import pyarrow
from deltalake import DeltaTable, QueryBuilder

LEDGER = {"partition": "INT", "offset": "BIGINT", "kind": "VARCHAR", "user_id": "VARCHAR", "url": "VARCHAR", "amount": "BIGINT",
          "event_time_ms": "BIGINT", "value": "VARCHAR"}
# An expected multiset of rows by place in the topic, and the table that must hold it.
BY_PLACE = """
    select coalesce(sum(greatest(wanted - found, 0)), 0)::bigint, coalesce(sum(greatest(found - wanted, 0)), 0)::bigint
    from (select "partition", "offset", sum(wanted) wanted, sum(found) found from (
            select "partition", "offset", 1 wanted, 0 found from {wanted} union all
            select "partition", "offset", 0, 1 from {found}) group by all)"""


class ForeignReader:
    def __init__(self, directory):
        self.tables = directory / "tables"
        nodes = {node["uid"]: node for node in json.loads((directory / "clicks.json").read_text())["nodes"]}
        self.size_ms = nodes["per_user"]["window_aggregate"]["size_ms"]
        self.bound_ms = nodes["clicks"]["source"]["watermark"]["max_out_of_orderness_ms"]
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'")
        self.duck.execute(f"create table ledger as select * from read_csv('{directory / 'ledger.csv'}', header = true, columns = {LEDGER})")
        self.versions = {}
        for name in ("clicks_raw", "clicks_5s", "clicks_late", "clicks_dead"):
            table = DeltaTable(str(self.tables / name))
            self.versions[name] = table.version()
            rows = QueryBuilder().register("t", table).execute("select * from t").read_all()
            self.duck.register(f"{name}_arrow", pyarrow.table(rows))
            self.duck.execute(f"create table {name} as select * from {name}_arrow")

    def rows(self, sql):
        return self.duck.execute(sql).fetchall()

    def one(self, sql):
        found = self.rows(sql)[0]
        return found[0] if len(found) == 1 else found

    def count(self, table):
        return self.one(f"select count(*) from {table}")

    def verdict(self):
        """lost and duplicated records, and other faults as text; all must be nothing."""
        self.duck.execute(f"""
            create or replace table good as
              select *, max(event_time_ms) over (partition by "partition" order by "offset" rows between unbounded preceding and 1 preceding)
                        as newest_before
              from ledger where kind <> 'bad';
            create or replace table bad as select * from ledger where kind = 'bad';
            create or replace table in_time as
              select * from good where ("partition", "offset") not in (select ("partition", "offset") from clicks_late);
            create or replace table windows as
              select coalesce(w.user_id, t.user_id) user_id, coalesce(w.start_ms, t.start_ms) start_ms, coalesce(w.n, 0) wanted,
                     coalesce(t.n, 0) found, w.amount is not distinct from t.amount and t.num_rows = 1 same
              from (select user_id, event_time_ms // {self.size_ms} * {self.size_ms} start_ms, count(*) n, sum(amount) amount
                    from in_time group by all) w
              full join (select user_id, epoch_ms(window_start) start_ms, sum(clicks) n, sum(amount) amount, count(*) num_rows
                    from clicks_5s group by all) t on w.user_id = t.user_id and w.start_ms = t.start_ms""")
        faults = []

        def none(number, what):
            if number:
                faults.append(f"{number:,} {what}")

        total, places, last = self.one("""select count(*), count(distinct ("partition", "offset")),
            (select sum(n) from (select max("offset") + 1 n from ledger group by "partition")) from ledger""")
        none(total != places or total != last, "the ledger itself does not name every offset once")
        raw = self.one(BY_PLACE.format(wanted="good", found="clicks_raw"))
        dead = self.one(BY_PLACE.format(wanted="bad", found="clicks_dead"))
        counted = self.one("select coalesce(sum(greatest(wanted - found, 0)), 0)::bigint, "
                           "coalesce(sum(greatest(found - wanted, 0)), 0)::bigint from windows")
        late_twice = self.one('select count(*) - count(distinct ("partition", "offset")) from clicks_late')
        for table in ("clicks_raw", "clicks_late"):
            none(self.one(f"""select count(*) from {table} t left join good l using ("partition", "offset")
                              where l.kind is null or (t.user_id, t.url, t.amount, epoch_ms(t.event_time))
                              is distinct from (l.user_id, l.url, l.amount, l.event_time_ms)"""), f"rows of {table} that the producer did not write so")
        none(self.one("""select count(*) from clicks_dead t left join bad l using ("partition", "offset")
                         where l.kind is null or t.value is distinct from unhex(l.value)"""), "dead letters whose bytes are others")
        none(self.one("select count(*) from windows where wanted = found and not same"), "windows with a wrong sum or written twice")
        none(self.one(f"""select count(*) from clicks_late join good l using ("partition", "offset")
                          where l.event_time_ms >= coalesce(l.newest_before, l.event_time_ms) - {self.bound_ms}"""),
             "late rows that were within their partition's bound")
        none(self.count("clicks_late") == 0, "no row was late: the demo shows nothing")
        # A record that is neither in the raw table nor in the windows is lost once.
        return max(raw[0], counted[0]) + dead[0], max(raw[1], counted[1]) + dead[1] + late_twice, faults

    def partition(self):
        """Records of the ledger; clicks counted in windows; late rows; dead letters."""
        return (self.count("ledger"), self.one("select coalesce(sum(clicks), 0)::bigint from clicks_5s"), self.count("clicks_late"),
                self.count("clicks_dead"))


def main():
    reader = ForeignReader(pathlib.Path(sys.argv[1]))
    lost, duplicated, faults = reader.verdict()
    print("{:,} written = {:,} counted in windows + {:,} late + {:,} dead letters".format(*reader.partition()))
    print(f"lost {lost}, duplicated {duplicated}", *faults, sep="; ", flush=True)
    return 1 if lost or duplicated or faults else 0


if __name__ == "__main__":
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    os._exit(main())
