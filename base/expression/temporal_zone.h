#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace {

// Time zones by name, from the system's database. Local times are microseconds as of UTC.
//
// Thread: any. Loading reads a file once per process and zone.

// A session's zone: an IANA name, "UTC±hh:mm", "GMT±hh:mm" or "±hh:mm"; "" is UTC. Fails with InvalidArgument: no such
// zone.
absl::StatusOr<absl::TimeZone> SessionZone(std::string_view name);
// As Java's TimeZone.getTimeZone: also old abbreviations such as "PST"; what it does not know is UTC.
absl::TimeZone JavaZone(std::string_view name);

// Microseconds that local time is ahead of UTC at an instant.
int64_t OffsetAt(int64_t micros, absl::TimeZone zone);
// The instant of a local time: as InstantMicros, but of a time that is shown twice the later, as Java's older calendars
// do.
int64_t FromLocalStandard(int64_t local_micros, absl::TimeZone zone);

}  // namespace millrace
