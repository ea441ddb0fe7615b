// What is measured, and what is promised about it: the "Numbers" of the project.
#pragma once

#include "harness/rounds.hpp"
#include "harness/table.hpp"

namespace noa::bench {

struct Catalogue {
    std::vector<Measurement> measurements;
    Table table;
};

// `only`: measurements whose task contains it; empty: all. `quick` leaves out what is long.
[[nodiscard]] Catalogue make_catalogue(const std::string& only, bool quick);

} // namespace noa::bench
