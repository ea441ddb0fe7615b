// All of a store as a stream of bytes, for where its region cannot be handed on: its pages as they
// lie, without those that are free.
#pragma once

#include <memory>

#include "store.hpp"

namespace cache {

// Of what `save_image` writes.
[[nodiscard]] std::uint64_t image_bytes(const Store& store);
// REQUIRES: nobody changes the store meanwhile.
void save_image(const Store& store, const Region& region, noa::StateWriter& out);

struct Opened {
    std::unique_ptr<Region> region;
    std::unique_ptr<Store> store;
};
// Makes what `save_image` wrote, in a region of its own for `limits`. NOA_E_INVALID: it is damaged,
// or of another format.
noa::Result<Opened> load_image(noa::StateReader& in, const Limits& limits);

// The same, from region to region. REQUIRES: `into` is all zeroes, and reaches to the frontier.
noa::Result<std::unique_ptr<Store>> copy_store(const Store& store, const Region& from,
                                               Region& into);

} // namespace cache
