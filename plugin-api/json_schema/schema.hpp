// JSON Schema draft-07, bounded before a validator sees it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace noa::json_schema {

struct Finding {
    std::string pointer;
    std::string expected;
    std::string found; // a type, or a short scalar; never more of the value
    // "/pool/size: expected at least 1, found 0"
    [[nodiscard]] std::string text() const;
};

// A schema's own faults: text over 256 KiB, nesting past 64, a $ref that is not "#" or "#/…" of
// this document, leads nowhere or back to itself, more than 10,000 subschemas when references are
// followed, patterns over 256 bytes or with a repetition inside a repetition. The first, in words;
// empty: sound.
[[nodiscard]] std::string fault_of_schema(const Json& schema);

// Immutable once made.
class Schema {
public:
    [[nodiscard]] static Result<std::shared_ptr<const Schema>> compile(Json schema);
    Schema(const Schema&) = delete;
    Schema& operator=(const Schema&) = delete;
    ~Schema();

    [[nodiscard]] const Json& text() const noexcept { return text_; }
    // At most 20, the innermost only: a table is not told of because a key of it is. Bounded in
    // time: texts of over 1024 bytes where the schema has patterns, and lists of over 1,000 items
    // where it has uniqueItems, are findings.
    [[nodiscard]] std::vector<Finding> check(const Json& value) const;

private:
    struct Parsed;
    Schema(Json text, std::unique_ptr<Parsed> parsed);

    Json text_;
    bool has_patterns_;
    bool wants_unique_;
    std::unique_ptr<Parsed> parsed_;
};

} // namespace noa::json_schema
