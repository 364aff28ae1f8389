"""What Nexmark's queries answer, computed from the events in plain Python: nothing here is shared with the product.

Each answer is a list of rows as they are written in JSON; a Decimal stands for a number with digits behind the point.
"""
import collections
import datetime
import decimal
import re

CHANNEL_ID = re.compile(r"(&|^)channel_id=([^&]*)")
KNOWN_CHANNELS = {"apple": "0", "google": "1", "facebook": "2", "baidu": "3"}
RATE = decimal.Decimal("0.908")
decimal.getcontext().prec = 60


def in_euro(price):
    return None if price is None else (RATE * price).quantize(decimal.Decimal("0.001"))


def moment_of(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f")


def written(time):
    """A TIMESTAMP as Flink's JSON format writes it: zeros at the end of the fraction are left out."""
    return time.rstrip("0").rstrip(".") if "." in time else time


def q0(bids):
    return [{"auction": b["auction"], "bidder": b["bidder"], "price": b["price"], "dateTime": written(b["dateTime"]),
             "extra": b["extra"]} for b in bids]


def q1(bids):
    return [{**row, "price": in_euro(row["price"])} for row in q0(bids)]


def q2(bids):
    return [{"auction": b["auction"], "price": b["price"]} for b in bids
            if b["auction"] is not None and b["auction"] % 123 == 0]


def q10(bids):
    """Its last two columns are directories."""
    return [{**row, "dt": b["dateTime"][:10], "hm": b["dateTime"][11:16]} for row, b in zip(q0(bids), bids)]


def time_type(moment):
    if 8 <= moment.hour <= 18:
        return "dayTime"
    return "nightTime" if moment.hour <= 6 or moment.hour >= 20 else "otherTime"


def q14(bids):
    return [{"auction": b["auction"], "bidder": b["bidder"], "price": in_euro(b["price"]),
             "bidTimeType": time_type(moment_of(b["dateTime"])), "dateTime": written(b["dateTime"]),
             "extra": b["extra"], "c_counts": (b["extra"] or "").count("c")}
            for b in bids if b["price"] is not None and 1_000_000 < in_euro(b["price"]) < 50_000_000]


def q21(bids):
    rows = []
    for b in bids:
        known = KNOWN_CHANNELS.get((b["channel"] or "").lower())
        found = CHANNEL_ID.search(b["url"]) if b["url"] is not None else None
        if known is None and found is None:
            continue
        rows.append({**{name: b[name] for name in ("auction", "bidder", "price", "channel")},
                     "channel_id": known if known is not None else found.group(2)})
    return rows


def q22(bids):
    rows = []
    for b in bids:
        parts = [] if not b["url"] else b["url"].split("/")
        rows.append({**{name: b[name] for name in ("auction", "bidder", "price", "channel")},
                     **{f"dir{i - 2}": parts[i] if i < len(parts) else None for i in (3, 4, 5)}})
    return rows


def groups_of(bids, key):
    groups = collections.defaultdict(list)
    for b in bids:
        groups[key(b)].append(b)
    return groups.items()


RANKS = {"rank1": lambda p: p is not None and p < 10_000, "rank2": lambda p: p is not None and 10_000 <= p < 1_000_000,
         "rank3": lambda p: p is not None and p >= 1_000_000}


def rank_bids(group):
    return {"total_bids": len(group),
            **{f"{rank}_bids": sum(fits(b["price"]) for b in group) for rank, fits in RANKS.items()}}


def totals(group):
    row = rank_bids(group)
    for plural, column in (("bidders", "bidder"), ("auctions", "auction")):
        distinct = lambda fits: len({b[column] for b in group if b[column] is not None and fits(b["price"])})
        row[f"total_{plural}"] = distinct(lambda price: True)
        row.update({f"{rank}_{plural}": distinct(fits) for rank, fits in RANKS.items()})
    return row


def q15(bids):
    return [{"day": day, **totals(group)} for day, group in groups_of(bids, lambda b: b["dateTime"][:10])]


def q16(bids):
    return [{"channel": channel, "day": day, "minute": max(b["dateTime"][11:16] for b in group), **totals(group)}
            for (channel, day), group in groups_of(bids, lambda b: (b["channel"], b["dateTime"][:10]))]


def wrapped(number):
    return (number + 2**63) % 2**64 - 2**63


def q17(bids):
    rows = []
    for (auction, day), group in groups_of(bids, lambda b: (b["auction"], b["dateTime"][:10])):
        prices = [b["price"] for b in group if b["price"] is not None]
        total = wrapped(sum(prices))
        mean = abs(total) // len(prices) * (1 if total >= 0 else -1) if prices else None
        rows.append({"auction": auction, "day": day, **rank_bids(group), "min_price": min(prices, default=None),
                     "max_price": max(prices, default=None), "avg_price": mean,
                     "sum_price": total if prices else None})
    return rows


ANSWERS = {0: q0, 1: q1, 2: q2, 10: q10, 14: q14, 15: q15, 16: q16, 17: q17, 21: q21, 22: q22}
