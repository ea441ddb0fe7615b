// What is measured, and what is promised about it: the "Numbers" of the project.
#pragma once

#include "harness/catalogue.hpp"

namespace noa::bench {

// `only`: measurements whose task contains it; empty: all. `quick` leaves out what is long.
[[nodiscard]] Catalogue make_catalogue(const std::string& only, bool quick);
// The same of reloads.
[[nodiscard]] Catalogue make_reload_catalogue(const std::string& only, bool quick);

} // namespace noa::bench
