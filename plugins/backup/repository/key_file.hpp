// The files in keys/: the master key, encrypted with what scrypt makes of a password.
#pragma once

#include <string>
#include <string_view>

#include "seal.hpp"

namespace backup {

struct ScryptCost {
    std::uint64_t n = 1U << 15U;
    std::uint64_t r = 8;
    std::uint64_t p = 1;
};

struct KeyFile {
    std::string created; // RFC 3339
    std::string username;
    std::string hostname;
    ScryptCost cost;
    Bytes salt;
    Bytes data;

    // What asks for more memory or time than a key may is refused.
    [[nodiscard]] static noa::sdk::Result<KeyFile> parse(std::string_view json);
    [[nodiscard]] std::string json() const;

    // `created`, `username` and `hostname` are the caller's.
    [[nodiscard]] static noa::sdk::Result<KeyFile>
    make(std::string_view password, const MasterKey& master, const ScryptCost& cost = {});
    // NOA_E_DENIED when the password is another key's.
    [[nodiscard]] noa::sdk::Result<MasterKey> unlock(std::string_view password) const;
};

} // namespace backup
