// A change of a text, as CodeMirror 6 has it: of all of the text, in order, what is kept and what
// is put in the place of what. The functions that combine changes give what those of
// @codemirror/state give, to the unit, for editors do their part of it there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json_value.hpp"
#include "noa/sdk/result.hpp"
#include "text.hpp"

namespace drafting {

struct Section {
    static constexpr std::int64_t kept = -1;
    std::int64_t length = 0; // of the text before it, in UTF-16 units
    std::int64_t inserted = kept;
    friend bool operator==(const Section&, const Section&) = default;
};

class ChangeSet {
public:
    static constexpr std::size_t most_sections = 200'000;

    // [3,[1,"EE","x"],2,[0,"!"],6]. INVALID says what is wrong with it.
    [[nodiscard]] static noa::sdk::Result<ChangeSet> parse(const noa::sdk::Json& json);
    void append_json_to(std::string& out) const;
    [[nodiscard]] std::string json() const;

    // To be put together in order. What is inserted is UTF-8 with "\n" between lines.
    void keep(Position length);
    void replace(Position length, std::string_view inserted);

    // Of the text that it is for, and of what it makes of it.
    [[nodiscard]] Position length() const noexcept;
    [[nodiscard]] Position new_length() const noexcept;
    [[nodiscard]] bool changes_nothing() const noexcept;
    [[nodiscard]] std::size_t inserted_bytes() const noexcept;

    // INVALID where it is for a text of another length, or cuts a pair.
    [[nodiscard]] noa::sdk::Result<Text> apply(const Text& text) const;
    // This one and then `next`, in one. INVALID where `next` is for another length.
    [[nodiscard]] noa::sdk::Result<ChangeSet> compose(const ChangeSet& next) const;
    // What takes it back; `text` as it was before.
    [[nodiscard]] noa::sdk::Result<ChangeSet> invert(const Text& text) const;
    // For the text that `other` has changed, which is for the same text as this one. `before`: what
    // both insert at one place, this one has first.
    [[nodiscard]] noa::sdk::Result<ChangeSet> map(const ChangeSet& other, bool before) const;
    // Where a position is afterwards; `stays`: before what is inserted there, otherwise behind it.
    [[nodiscard]] Position map_position(Position position, bool stays) const noexcept;

    [[nodiscard]] const std::vector<Section>& sections() const noexcept { return sections_; }
    // What the section of that number inserts.
    [[nodiscard]] std::string_view inserted(std::size_t section) const noexcept {
        return section < inserted_.size() ? std::string_view(inserted_[section])
                                          : std::string_view();
    }

    friend bool operator==(const ChangeSet&, const ChangeSet&) = default;

private:
    friend class SectionWalk;

    void add_section(std::int64_t length, std::int64_t inserted, bool join = false);
    void add_inserted(std::string_view text);

    std::vector<Section> sections_;
    std::vector<std::string> inserted_; // by section; shorter where the last ones insert nothing
};

} // namespace drafting
