// Reads the known keys of one table and reports the others.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.hpp"

namespace noa::config {

// Every read leaves its output alone when the key is absent or wrong; wrong is a problem.
class Fields {
public:
    // `table` at `path` of `tree`; all are borrowed.
    Fields(const Tree& tree, const nlohmann::json& table, std::string path, Problems& problems);

    bool boolean(std::string_view key, bool& into); // whether it is there, and right
    void integer(std::string_view key, std::uint32_t& into, std::uint32_t min, std::uint32_t max);
    void real(std::string_view key, double& into, double min, double max);
    void text(std::string_view key, std::string& into);
    void choice(std::string_view key, std::string& into, std::span<const std::string_view> choices);
    void level(std::string_view key, Level& into);
    void duration(std::string_view key, std::chrono::milliseconds& into,
                  std::chrono::milliseconds min, std::chrono::milliseconds max);
    void duration(std::string_view key, std::chrono::microseconds& into,
                  std::chrono::microseconds min, std::chrono::microseconds max);
    void size(std::string_view key, std::uint64_t& into, std::uint64_t min, std::uint64_t max);
    // At most 256 texts, none twice.
    void texts(std::string_view key, std::vector<std::string>& into);
    // A program and what it is told: at most 256 texts.
    void arguments(std::string_view key, std::vector<std::string>& into);
    // At most 256 names, none twice, each a text or { name = "x", optional = true }: these are in
    // `optional` as well.
    void dependencies(std::string_view key, std::vector<std::string>& names,
                      std::vector<std::string>& optional);
    // nullptr when it is absent or not a table.
    const nlohmann::json* table(std::string_view key);

    // The keys of a table; of an empty one when it is absent or not a table.
    [[nodiscard]] Fields below(std::string_view key);

    // Reports a problem with a key that was read.
    void problem(std::string_view key, std::string_view text) const;
    // Reports the keys that nobody read. Once, at the end.
    void finish() const;
    // All that the table has.
    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] const std::vector<std::string>& known() const noexcept { return known_; }

private:
    const nlohmann::json* find(std::string_view key);
    [[nodiscard]] std::optional<std::vector<std::string>> texts_of(std::string_view key,
                                                                   const nlohmann::json& value,
                                                                   std::string_view wanted,
                                                                   bool repeated = false) const;
    void expected(std::string_view key, std::string_view what, const nlohmann::json& found) const;
    bool duration_value(std::string_view key, std::chrono::microseconds& into,
                        std::chrono::microseconds min, std::chrono::microseconds max);

    const Tree& tree_;
    const nlohmann::json& table_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string> known_;
};

} // namespace noa::config
