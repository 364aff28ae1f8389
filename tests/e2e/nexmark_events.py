"""Seeded Nexmark events: 1 person and 3 auctions to 46 bids, in the nested JSON of the published Kafka table.

Beside the usual there is what queries get wrong: NULLs, empty and short URLs, channels in any letter case, hours on the
edges of q14, prices up to the largest BIGINT, and text with quotes, backslashes and letters of other alphabets.
"""
import datetime
import json
import random

START = datetime.datetime(2026, 3, 28, 22, 0, 0)
HOT_CHANNELS = ("Google", "Facebook", "Baidu", "Apple", "google", "FACEBOOK", "bAIDU", "apple")
LARGEST_BIGINT = 2**63 - 1


def text_of(moment):
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


def price_of(rng):
    odd = rng.random()
    if odd < 0.01:
        return None
    if odd < 0.03:
        # On the edges of q14 and of the ranks of q15 to q17.
        return rng.choice((0, -1, 1, 9_999, 10_000, 999_999, 1_000_000, 1_101_321, 1_101_322, 55_066_079, 55_066_080,
                           LARGEST_BIGINT, -LARGEST_BIGINT - 1))
    return round(10 ** (rng.random() * 6) * 100)


def extra_of(rng):
    odd = rng.random()
    if odd < 0.02:
        return None
    if odd < 0.05:
        return rng.choice(("", "c", "cccc", "CcCc", "čç c", 'a "quoted" c', "back\\slash c", "c\tc\nc", 
                           "\u4e2d\u6587c", "\U0001f600c"))
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(1, 40)))


def channel_and_url(rng):
    words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz_") for _ in range(rng.randint(1, 6))) for _ in range(3)]
    url = "https://www.nexmark.com/" + "/".join(words) + "/item.htm?query=1"
    if rng.random() < 0.5:
        channel = rng.choice(HOT_CHANNELS)
    else:
        number = rng.randrange(10_000)
        channel, url = f"channel-{number}", f"{url}&channel_id={rng.randrange(2**31)}"
    odd = rng.random()
    if odd < 0.10:
        url = rng.choice((None, "", "https://www.nexmark.com", "https://www.nexmark.com/a", "//a//b/", "a/b/c/d/e/f/g/",
                          "channel_id=12&x=1", "x?channel_id=13", "a&channel_id=&b=1", "a&channel_id=1&channel_id=2",
                          "https://www.nexmark.com/ä/b c/%20/&channel_id=ü&z"))
    if odd > 0.98:
        channel = rng.choice((None, "", " apple", "apples", "GOOGLE "))
    return channel, url


def person(rng, number, moment):
    return {"id": 1000 + number, "name": rng.choice(("Peter Jones", "Vicky Noris", "Œdipe")),
            "emailAddress": f"{rng.randrange(10**6)}@example.com", "creditCard": f"{rng.randrange(10**16):016d}",
            "city": rng.choice(("Phoenix", "Boise", "Portland")), "state": rng.choice(("AZ", "OR", "ID", "CA")),
            "dateTime": text_of(moment), "extra": extra_of(rng)}


def auction(rng, number, moment):
    initial = rng.randrange(1, 10_000)
    return {"id": 1000 + number, "itemName": "item", "description": "A thing, worn", "initialBid": initial,
            "reserve": initial + rng.randrange(1000), "dateTime": text_of(moment),
            "expires": text_of(moment + datetime.timedelta(milliseconds=rng.randrange(60_000))),
            "seller": 1000 + rng.randrange(1 + number), "category": rng.randrange(10, 15), "extra": extra_of(rng)}


def bid(rng, num_auctions, num_persons, moment):
    channel, url = channel_and_url(rng)
    return {"auction": None if rng.random() < 0.005 else 1000 + rng.randrange(max(1, num_auctions)),
            "bidder": 1000 + rng.randrange(max(1, num_persons)), "price": price_of(rng), "channel": channel, "url": url,
            "dateTime": text_of(moment), "extra": extra_of(rng)}


def events(seed, count, step_ms):
    rng = random.Random(seed)
    num_persons = num_auctions = 0
    for i in range(count):
        moment = START + datetime.timedelta(milliseconds=max(0, i * step_ms + rng.randint(-2000, 2000)))
        kind = (0, 1, 1, 1)[i % 50] if i % 50 < 4 else 2
        if kind == 0:
            event, num_persons = person(rng, num_persons, moment), num_persons + 1
        elif kind == 1:
            event, num_auctions = auction(rng, num_auctions, moment), num_auctions + 1
        else:
            event = bid(rng, num_auctions, num_persons, moment)
        record = {"event_type": kind, "person": None, "auction": None, "bid": None}
        record[("person", "auction", "bid")[kind]] = event
        # A field that is left out is NULL as one that says so.
        if rng.random() < 0.5:
            record = {name: value for name, value in record.items() if value is not None}
        yield record


def write(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for number, record in enumerate(records):
            file.write(json.dumps(record, ensure_ascii=number % 2 == 0) + "\n")
