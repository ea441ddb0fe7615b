// The file that says what a repository is.
#pragma once

#include "id.hpp"

namespace backup {

struct RepositoryConfig {
    std::uint64_t version = 2;
    Id id;
    std::uint64_t polynomial = 0;
};
// A newer version than 2 is NOA_E_UNSUPPORTED.
[[nodiscard]] noa::sdk::Result<RepositoryConfig> parse_config(std::string_view json);

} // namespace backup
