#!/usr/bin/env python3
"""Writes data/*.json, the rows that the oracle's statements read: nulls, extremes, unicode, decimals, instants around
changes of daylight saving time, and some at random. The same seed writes the same files.

usage: make_data.py [DIRECTORY]
"""
import base64
import datetime
import json
import pathlib
import random
import sys

SEED = 20261121


def numbers(rng):
    yield dict(id=1, b=True, ti=1, si=2, i=3, l=4, f=1.5, d=2.25, dc=10.25, wide="1.000000000000000001", u="a")
    yield dict(id=2, b=False, ti=-1, si=-2, i=-3, l=-4, f=-1.5, d=-2.25, dc=-10.25, wide=-1.5, u="a")
    yield dict(id=3)
    yield dict(id=4, b=True, ti=127, si=32767, i=2147483647, l=9223372036854775807, f=3.4028235e38,
               d=1.7976931348623157e308, dc=99999999.99, wide="99999999999999999999.999999999999999999", u="b")
    yield dict(id=5, b=False, ti=-128, si=-32768, i=-2147483648, l=-9223372036854775808, f=-3.4028235e38,
               d=-1.7976931348623157e308, dc=-99999999.99, wide="-99999999999999999999.999999999999999999", u="b")
    yield dict(id=6, b=True, ti=0, si=0, i=0, l=0, f=0.0, d=0.0, dc=0, wide=0, u="c")
    yield dict(id=7, b=None, ti=7, si=None, i=7, l=None, f=0.1, d=0.1, dc=0.05, wide="0.333333333333333333", u="c")
    yield dict(id=8, b=False, ti=None, si=10, i=None, l=10, f=1e-45, d=4.9e-324, dc=0.01, wide="0.000000000000000001", u=None)
    yield dict(id=9, b=True, ti=100, si=1000, i=1000000, l=1000000000000, f=16777216.0, d=9007199254740993.0, dc=12345.67,
               wide="12345.678901234567890123", u="d")
    for at in range(10, 25):
        yield dict(id=at, b=rng.choice([True, False, None]), ti=rng.randint(-128, 127), si=rng.randint(-32768, 32767),
                   i=rng.randint(-1000, 1000), l=rng.randint(-10**12, 10**12), f=rng.randint(-1000, 1000) / 8,
                   d=rng.randint(-10**6, 10**6) / 64, dc=rng.randint(-10**6, 10**6) / 100,
                   wide=f"{rng.randint(-1000, 1000)}.{rng.randint(0, 10**18 - 1):018d}", u=rng.choice("abcd"))


def texts(rng):
    samples = [
        ("hello", "hello", "abc", "42"), ("", "", "", ""), (None, None, None, None), (" padded ", " padded", " a ", " 7 "),
        ("Größe", "Größe", "ä", "-17"), ("日本語テキスト", "日本語", "日", "3.75"), ("e\u0301toile", "e\u0301", "e", "1e3"),
        ("😀 smile", "😀", "😀", "true"), ("a_b%c\\d", "a_b%c\\d", "a_b", "FALSE"), ("line\nbreak\ttab", "line\nbr", "l\n", "12abc"),
        ("The quick brown fox", "The quick", "The", "9223372036854775807"), ("ΑΣ ςσ", "ΑΣ ςσ", "Σ", "9223372036854775808"),
        ("İstanbul ıI", "İstanbul", "İ", "-128"), ("straße STRASSE", "straße", "ß", "2020-02-29"),
        ("a,b,,c", "a,b,,c", "a,b", "2021-02-29"), ("x" * 40, "x" * 10, "xxx", "12:34:56"), ("O'Reilly \"q\"", "O'Reilly", "O'R", "NaN"),
        ("key=value&k2=v2", "key=value", "k=v", "2020-01-01 00:00:00.123"), ("null", "null", "nul", "null"),
        ("\u00a0nbsp", "\u00a0nbsp", "\u00a0", "+5"),
    ]
    for at, (s, v, c, n) in enumerate(samples, 1):
        yield dict(id=at, s=s, v=v, c=c, n=n, bin=None if s is None else base64.b64encode(s.encode()).decode())
    for at in range(21, 31):
        word = "".join(rng.choice("abcXYZ 019äλ") for _ in range(rng.randint(0, 12)))
        yield dict(id=at, s=word, v=word[:10], c=word[:3], n=str(rng.randint(-10**5, 10**5)), bin=base64.b64encode(word.encode()).decode())


def times(rng):
    samples = [
        ("1970-01-01", "00:00:00", "1970-01-01T00:00:00", "1970-01-01T00:00:00Z"), (None, None, None, None),
        ("2020-02-29", "23:59:59", "2020-02-29T23:59:59.999", "2020-02-29T23:59:59.999Z"),
        ("1969-12-31", "12:00:00", "1969-12-31T23:59:59.999", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01", "01:02:03", "0001-01-01T00:00:00", "1900-01-01T00:00:00Z"),
        ("9999-12-31", "23:00:00", "9999-12-31T23:59:59.999", "9999-12-31T23:59:59.999Z"),
        ("2021-03-28", "01:30:00", "2021-03-28T02:30:00", "2021-03-28T01:30:00Z"),     # Berlin: the hour that is left out
        ("2021-10-31", "02:30:00", "2021-10-31T02:30:00", "2021-10-31T00:30:00Z"),     # Berlin: the hour that comes twice
        ("2021-10-31", "02:30:00", "2021-10-31T02:30:00", "2021-10-31T01:30:00Z"),
        ("2024-12-30", "10:20:30", "2024-12-30T10:20:30.123", "2024-12-30T10:20:30.123Z"),  # ISO week 1 of 2025
        ("2023-01-01", "00:00:01", "2023-01-01T00:00:00.001", "2023-01-01T00:00:00.001Z"),
        ("1582-10-15", "05:05:05", "1582-10-15T05:05:05", "1945-05-08T21:01:00Z"),
    ]
    for at, (d, t, ts, ltz) in enumerate(samples, 1):
        yield dict(id=at, dt=d, tm=t, ts=ts, ts6=None if ts is None else (ts + ("" if "." in ts else ".000") + "456"), ltz=ltz)
    for at in range(13, 25):
        year, month, day = rng.randint(1950, 2049), rng.randint(1, 12), rng.randint(1, 28)
        hour, minute, second, milli = rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59), rng.randint(0, 999)
        date, time = f"{year:04d}-{month:02d}-{day:02d}", f"{hour:02d}:{minute:02d}:{second:02d}"
        yield dict(id=at, dt=date, tm=time, ts=f"{date}T{time}.{milli:03d}", ts6=f"{date}T{time}.{milli:03d}789",
                   ltz=f"{date}T{time}.{milli:03d}Z")


def nested(rng):
    yield dict(id=1, arr=[1, 2, 3], words=["a", "b"], m={"x": 1, "y": 2}, r=dict(a=1, b="one"))
    yield dict(id=2, arr=[], words=[], m={}, r=dict(a=None, b=None))
    yield dict(id=3)
    yield dict(id=4, arr=[None, 5, None], words=[None, "ä", ""], m={"x": None}, r=dict(a=4, b="日本"))
    for at in range(5, 9):
        yield dict(id=at, arr=[rng.randint(-9, 9) for _ in range(rng.randint(1, 4))], words=[rng.choice(["p", "q", "r"])],
                   m={rng.choice("xyz"): rng.randint(0, 9)}, r=dict(a=rng.randint(0, 9), b=rng.choice(["p", "q"])))


def clicks(rng):
    for at in range(1, 201):
        second = at * 7 + rng.randint(-20, 20)
        yield dict(id=at, user_id=rng.choice(["ann", "bob", "cid", "dörte", None]), url=rng.choice(["/", "/a", "/b?x=1"]),
                   amount=rng.choice([None, *range(-5, 100)]), price=rng.randint(0, 10**6) / 100,
                   event_time=f"2024-03-10T{second // 3600 + 1:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{rng.randint(0, 999):03d}Z")


# When clocks change: in Berlin, New York, on Lord Howe (by half an hour) and in St. John's (half past).
CHANGES = ["2024-03-31T01:00", "2024-10-27T01:00", "2024-03-10T07:00", "2024-11-03T06:00", "2024-04-06T15:00",
           "2024-10-05T15:30", "2024-03-10T05:30", "2024-11-03T04:30"]


def moments(rng):
    """In order of time, so that none comes late."""
    found = set()
    for change in CHANGES:
        at = datetime.datetime.fromisoformat(change)
        for minutes in (-120, -60, -30, 0, 30, 60, 90, 120):
            found |= {at + datetime.timedelta(minutes=minutes), at + datetime.timedelta(minutes=minutes, milliseconds=-1)}
        for _ in range(12):
            found.add(at + datetime.timedelta(milliseconds=rng.randint(-36 * 3600 * 1000, 36 * 3600 * 1000)))
    for at, moment in enumerate(sorted(found), 1):
        text = moment.isoformat(timespec="milliseconds")
        yield dict(id=at, k=rng.choice("ab"), n=rng.randint(0, 9), at=text + "Z", wall=text)


def main():
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data")
    directory.mkdir(exist_ok=True)
    for table in (numbers, texts, times, nested, clicks, moments):
        rows = table(random.Random(f"{SEED} {table.__name__}"))
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (directory / f"{table.__name__}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
