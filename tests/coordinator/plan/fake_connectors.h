#pragma once

#include "connectors/registry.h"

namespace millrace {

// Sources fake_source, kafka and generator, sinks fake_sink and delta: all complain of the option "bad" and none can be
// opened. A source has no end if it has the option "unbounded".
ConnectorRegistry FakeConnectors();

// The plan in a JSON text; fails the test if it is none.
v1::Plan PlanOf(std::string_view json);

}  // namespace millrace
