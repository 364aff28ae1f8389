#!/usr/bin/env python3
"""Compares aggregates over windows and over all rows with DuckDB's: every type, function and key type, DISTINCT and FILTER,
with NULL, NaN, -0.0 and extremes.
usage: aggregate_oracle.py PROBE [SEED]
Where DuckDB computes in a wider type than Flink, its exact sums and counts are brought into Flink's type here."""
import datetime, decimal, math, os, random, subprocess, sys, tempfile

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

decimal.getcontext().prec = 100
D = decimal.Decimal
NUM_ROWS = 6000
BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
TYPES = {
    "boolean": pa.bool_(), "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(),
    "float": pa.float32(), "double": pa.float64(), "decimal18": pa.decimal128(18, 4), "decimal38": pa.decimal128(38, 9),
    "string": pa.string(), "bytes": pa.binary(), "date": pa.date32(), "time": pa.time32("ms"),
    "timestamp": pa.timestamp("us"), "ltz": pa.timestamp("us", tz="UTC"),
}
MOMENTS = ["stddev_pop", "stddev_samp", "var_pop", "var_samp"]
NUMBERS = list(BITS) + ["float", "double", "decimal18", "decimal38"]
UTC = datetime.timezone.utc


def value(name, rng, distinct):
    """A random value, drawn from few distinct ones for keys; a tenth are NULL."""
    if rng.random() < 0.1:
        return None
    pick = rng.randrange(distinct)
    r = random.Random(f"{name}{pick}")
    if name == "boolean":
        return r.random() < 0.5
    if name in BITS:
        low, high = -(1 << BITS[name] - 1), (1 << BITS[name] - 1) - 1
        return r.choice([low, high, 0, -1, r.randint(low, high), r.randint(low, high)])
    if name in ("float", "double"):
        special = [0.0, -0.0, math.nan] if pick < 4 else [0.0, -0.0]
        return r.choice(special + [r.uniform(-1e6, 1e6) for _ in range(6)])
    if name.startswith("decimal"):
        digits, scale = (18, 4) if name == "decimal18" else (34, 9)
        return D(r.choice([1, -1]) * r.randrange(10 ** r.randint(1, digits))).scaleb(-scale)
    if name in ("string", "bytes"):
        text = "".join(r.choice("aÄb\0~\U0001f600") for _ in range(r.randrange(6)))
        return text if name == "string" else text.encode()
    if name == "date":
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.randint(-40000, 40000))
    if name == "time":
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=r.randrange(86400000))).time()
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=r.randint(-10**15, 10**15))
    return moment.replace(tzinfo=UTC) if name == "ltz" else moment


def plain(column):
    """Python values that compare: instants and times as numbers."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
    elif pa.types.is_time(column.type):
        column = column.cast(pa.time64("us")).cast(pa.int64())
    return column.to_pylist()


def wrapped(number, bits):
    return None if number is None else (number + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def expected(function, name, total, count, extreme):
    if function == "count":
        return count
    if function in ("min", "max"):
        return extreme
    if count == 0:
        return None
    if name in BITS:
        if function == "sum":
            return wrapped(int(total), BITS[name])
        total = wrapped(int(total), 64)
        return abs(total) // count * (1 if total >= 0 else -1)
    if name.startswith("decimal"):
        if function == "sum":
            return total
        scale = {"decimal18": 6, "decimal38": 9}[name]
        return (total / count).quantize(D(1).scaleb(-scale), rounding=decimal.ROUND_HALF_UP)
    return total if function == "sum" else total / count


def same(function, name, ours, theirs):
    if ours is None or theirs is None:
        return ours is theirs
    if name in ("float", "double") and function != "count":
        if math.isnan(ours) or math.isnan(theirs):
            return math.isnan(ours) and math.isnan(theirs)
        exact = function in ("min", "max")
        # A FLOAT result is rounded once; sums cancel, so that the terms' size decides.
        return ours == theirs if exact else math.isclose(ours, theirs, rel_tol=1e-6 if name == "float" else 1e-9,
                                                        abs_tol=1e-2 if name == "float" else 1e-5)
    return ours == theirs


def key_of(value):
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value + 0.0
    return value


def asked_of_groups():
    """(name as the probe takes it, function, type, is it distinct, has it a filter)"""
    asked = []
    for name in TYPES:
        for mark in ("", "!"):
            for at in ("", "@flag"):
                functions = ["count", "min", "max"] + (["sum", "avg"] if name in NUMBERS else [])
                functions += MOMENTS if name == "double" and not mark else []
                asked += [(f"{f}{mark}:v_{name}{at}", f, name, bool(mark), bool(at)) for f in functions]
    return asked


def select_of(name, distinct, filtered, i):
    argument = f"v_{name}"
    if name in ("float", "double"):
        # One NaN and one zero, as among keys: DuckDB tells 0.0 from -0.0 no more than we do, but may keep either.
        argument = f"v_{name} + 0.0"
    word = "DISTINCT " if distinct else ""
    filter_ = " FILTER (flag)" if filtered else ""
    parts = [f"count({word}{argument}){filter_} AS count_{i}"]
    if name in NUMBERS:
        wide = f"CAST({argument} AS DOUBLE)" if name == "float" else argument
        total = f"sum({word}{wide}){filter_}"
        parts.append((f"CAST({total} AS DECIMAL(38, 0))" if name in BITS else total) + f" AS sum_{i}")
    return parts


def compare_groups(probe, connection, source, result, failures):
    asked = asked_of_groups()
    compared = 0
    for key in list(TYPES) + [""]:
        select = ["k_" + key] if key else []
        for i, (_, function, name, distinct, filtered) in enumerate(asked):
            select += select_of(name, distinct, filtered, i)
            filter_ = " FILTER (flag)" if filtered else ""
            if function in ("min", "max"):
                select.append(f"{function}(v_{name}){filter_} AS other_{i}")
            if function in MOMENTS:
                # DuckDB refuses NaN and infinity here.
                select.append(f"{function}(CASE WHEN isnan(v_{name}) THEN NULL ELSE v_{name} END){filter_} AS other_{i}, "
                              f"bool_or(isnan(v_{name})){filter_} AS nan_{i}")
        relation = connection.sql(f"SELECT {', '.join(select)} FROM input" + (" GROUP BY ALL" if key else ""))
        answer = relation.to_arrow_table() if hasattr(relation, "to_arrow_table") else relation.fetch_arrow_table()
        theirs = {n: plain(answer.column(n)) for n in answer.column_names}
        by_group = {key_of(theirs["k_" + key][i]) if key else None: i for i in range(answer.num_rows)}
        for mode in ("group", "combined-group"):
            here = [a for a in enumerate(asked) if mode == "group" or not a[1][3]]
            subprocess.run([probe, source, result, mode, "k_" + key if key else ""] + [a[0] for _, a in here], check=True)
            table = pq.read_table(result)
            ours = {n: plain(table.column(n)) for n in table.column_names}
            if table.num_rows != answer.num_rows:
                failures.append(f"{mode} key {key}: {table.num_rows} groups, DuckDB has {answer.num_rows}")
            for row in range(table.num_rows):
                j = by_group.get(key_of(ours["k_" + key][row]) if key else None)
                if j is None:
                    failures.append(f"{mode} key {key}: DuckDB has no group {ours['k_' + key][row]}")
                    continue
                for i, (spec, function, name, distinct, filtered) in here:
                    compared += 1
                    if function in MOMENTS:
                        wanted = math.nan if theirs[f"nan_{i}"][j] else theirs[f"other_{i}"][j]
                        function = "var"
                    else:
                        other = theirs.get(f"other_{i}", [None] * (j + 1))[j]
                        wanted = expected(function, name, theirs.get(f"sum_{i}", [None] * (j + 1))[j], theirs[f"count_{i}"][j], other)
                    if not same(function, name, ours[spec][row], wanted):
                        failures.append(f"{mode} key {key} {ours['k_' + key][row] if key else ''}: {spec} {ours[spec][row]!r} is not {wanted!r}")
    return compared


def main():
    probe, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
    rng = random.Random(seed)
    print("seed", seed)
    columns = {"t": pa.array([rng.randrange(-2_000_000, 3_000_000) for _ in range(NUM_ROWS)], pa.timestamp("us"))}
    for name, type_ in TYPES.items():
        columns["k_" + name] = pa.array([value(name, rng, 12) for _ in range(NUM_ROWS)], type_)
        columns["v_" + name] = pa.array([value(name, rng, 5000) for _ in range(NUM_ROWS)], type_)
    columns["flag"] = pa.array([rng.choice([True, True, False, None]) for _ in range(NUM_ROWS)], pa.bool_())
    rows = pa.table(columns)
    asked = [(f, n) for n in TYPES for f in (["count", "min", "max"] + (["sum", "avg"] if n in NUMBERS else []))]
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("input", rows)
    compared, failures = 0, []
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in.parquet"), os.path.join(folder, "out.parquet")
        pq.write_table(rows, source)
        for key in TYPES:
            select = ["k_" + key, "CAST(floor(epoch_us(t) / 1000000.0) AS BIGINT) * 1000000 AS w", "count(*) AS n"]
            for name in TYPES:
                select += [f"count(v_{name}) AS count_{name}", f"min(v_{name}) AS min_{name}", f"max(v_{name}) AS max_{name}"]
                if name in NUMBERS:
                    argument = f"CAST(v_{name} AS DOUBLE)" if name == "float" else f"v_{name}"
                    cast = f"CAST(sum({argument}) AS DECIMAL(38, 0))" if name in BITS else f"sum({argument})"
                    select.append(f"{cast} AS sum_{name}")
            relation = connection.sql(f"SELECT {', '.join(select)} FROM input GROUP BY ALL")
            # Its name differs between DuckDB 1 and 2.
            answer = relation.to_arrow_table() if hasattr(relation, "to_arrow_table") else relation.fetch_arrow_table()
            theirs = {n: plain(answer.column(n)) for n in answer.column_names}
            by_group = {(key_of(k), w): i for i, (k, w) in enumerate(zip(theirs["k_" + key], theirs["w"]))}
            for mode in ("direct", "combined"):
                subprocess.run([probe, source, result, mode, "k_" + key, "count:"] + [f"{f}:v_{n}" for f, n in asked], check=True)
                table = pq.read_table(result)
                ours = {n: plain(table.column(n)) for n in table.column_names}
                if table.num_rows != answer.num_rows:
                    failures.append(f"{mode} key {key}: {table.num_rows} groups, DuckDB has {answer.num_rows}")
                for i in range(table.num_rows):
                    group = (key_of(ours["k_" + key][i]), ours["window_start"][i])
                    j = by_group.get(group)
                    if j is None:
                        failures.append(f"{mode} key {key}: DuckDB has no group {group}")
                        continue
                    if ours["count:"][i] != theirs["n"][j]:
                        failures.append(f"{mode} key {key} {group}: count {ours['count:'][i]} is {theirs['n'][j]}")
                    for f, n in asked:
                        total = theirs.get("sum_" + n, [None] * (j + 1))[j]
                        extreme = theirs[f"{f}_{n}"][j] if f in ("min", "max") else None
                        wanted = expected(f, n, total, theirs["count_" + n][j], extreme)
                        compared += 1
                        if not same(f, n, ours[f"{f}:v_{n}"][i], wanted):
                            failures.append(f"{mode} key {key} {group}: {f}({n}) {ours[f'{f}:v_{n}'][i]!r} is not {wanted!r}")
        over_windows, compared = compared, compared + compare_groups(probe, connection, source, result, failures)
    print(over_windows, "of them over windows:")
    print(compared, "results compared,", len(failures), "differ")
    for failure in failures[:20]:
        print(failure)
    return 1 if failures or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
