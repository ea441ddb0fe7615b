// What everything in a repository is called by: the SHA-256 of its content.
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "bytes.hpp"

typedef struct evp_md_ctx_st EVP_MD_CTX;

namespace backup {

struct Id {
    std::array<std::uint8_t, 32> bytes{};

    [[nodiscard]] std::string hex() const { return to_hex(bytes); }
    [[nodiscard]] std::string short_hex() const { return hex().substr(0, 8); }
    [[nodiscard]] static std::optional<Id> parse(std::string_view text) noexcept {
        Id id;
        return from_hex(text, id.bytes) ? std::optional(id) : std::nullopt;
    }
    [[nodiscard]] bool is_null() const noexcept { return *this == Id{}; }
    // NOLINTNEXTLINE(modernize-use-nullptr): it sees one in what the compiler makes of it
    friend auto operator<=>(const Id&, const Id&) = default;
};

struct IdHash { // its bytes are as good as random
    std::size_t operator()(const Id& id) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, id.bytes.data(), sizeof value);
        return value;
    }
};

[[nodiscard]] Id sha256(View bytes) noexcept;

// SHA-256 of what comes in parts.
class Sha256 {
public:
    Sha256();
    void update(View bytes) noexcept;
    // Of all since the last one.
    [[nodiscard]] Id finish() noexcept;

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

} // namespace backup
