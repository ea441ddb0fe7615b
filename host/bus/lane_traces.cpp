// Spans of what the lane handles: see traces.hpp.
#include "bus/lane.hpp"

namespace noa::bus {

void Lane::begin_span(Item& item) noexcept {
    if (!item.span) { // an attempt after the first goes on with it
        item.span = bus_.traces().begin(*item.record, endpoint_);
    }
}

void Lane::end_span(Item& item, noa_status status) noexcept {
    if (item.span) {
        bus_.traces().end(std::move(item.span), item.attempt, status);
    }
}

} // namespace noa::bus
