#include "change_set.hpp"

#include <algorithm>
#include <numeric>

#include "noa/sdk/json_text.hpp"

namespace drafting {

namespace {

using noa::sdk::invalid;
using noa::sdk::Json;

// More than the longest text has.
constexpr std::uint64_t longest_length = 1U << 30U;

noa::sdk::Status read_length(const Json& json, std::int64_t& ret_length) {
    const bool unsigned_one = json.is_number_unsigned();
    if (!json.is_number_integer() || (!unsigned_one && json.get<std::int64_t>() < 0) ||
        json.get<std::uint64_t>() > longest_length) {
        return invalid("a length is a whole number from 0 on");
    }
    ret_length = json.get<std::int64_t>();
    return {};
}

noa::sdk::Status read_lines(const Json& part, std::string& ret_text) {
    for (std::size_t at = 1; at < part.size(); ++at) {
        if (!part[at].is_string()) {
            return invalid("what is inserted are lines of text");
        }
        const auto& line = part[at].get_ref<const std::string&>();
        if (line.find_first_of("\r\n") != std::string::npos) {
            return invalid("a line has a line break in it");
        }
        ret_text += at > 1 ? "\n" : "";
        ret_text += line;
    }
    return is_utf8(ret_text) ? noa::sdk::Status() : noa::sdk::Status(invalid("not UTF-8"));
}

} // namespace

noa::sdk::Result<ChangeSet> ChangeSet::parse(const Json& json) {
    if (!json.is_array() || json.size() > most_sections) {
        return invalid("a change is an array of " + std::to_string(most_sections) +
                       " sections at most");
    }
    ChangeSet out;
    std::uint64_t length = 0;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const Json& part = json[at];
        std::int64_t size = 0;
        std::string text;
        noa::sdk::Status good = part.is_array() && part.empty()
                                    ? noa::sdk::Status(invalid("an array without a length"))
                                    : read_length(part.is_array() ? part[0] : part, size);
        if (good && part.is_array()) {
            good = read_lines(part, text);
        }
        length += static_cast<std::uint64_t>(size);
        if (good && length > longest_length) {
            good = invalid("too long");
        }
        if (!good) {
            return invalid("/" + std::to_string(at) + ": " + good.error().text);
        }
        if (part.is_array()) {
            out.replace(static_cast<Position>(size), text);
        } else {
            out.keep(static_cast<Position>(size));
        }
    }
    return out;
}

void ChangeSet::append_json_to(std::string& out) const {
    noa::sdk::JsonArray list(out);
    for (std::size_t at = 0; at < sections_.size(); ++at) {
        const Section& section = sections_[at];
        if (section.inserted == Section::kept) {
            list.item() += std::to_string(section.length);
            continue;
        }
        noa::sdk::JsonArray part(list.item());
        part.item() += std::to_string(section.length);
        std::string_view text = inserted(at);
        while (section.inserted > 0) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            noa::sdk::append_json(part.item(), text.substr(0, end));
            if (end == text.size()) {
                break;
            }
            text.remove_prefix(end + 1);
        }
    }
}

std::string ChangeSet::json() const {
    std::string out;
    append_json_to(out);
    return out;
}

void ChangeSet::keep(Position length) {
    add_section(static_cast<std::int64_t>(length), Section::kept);
}

void ChangeSet::replace(Position length, std::string_view inserted) {
    add_section(static_cast<std::int64_t>(length), static_cast<std::int64_t>(units_of(inserted)));
    add_inserted(inserted);
}

Position ChangeSet::length() const noexcept {
    return static_cast<Position>(std::accumulate(
        sections_.begin(), sections_.end(), std::int64_t{0},
        [](std::int64_t sum, const Section& section) { return sum + section.length; }));
}

Position ChangeSet::new_length() const noexcept {
    return static_cast<Position>(std::accumulate(
        sections_.begin(), sections_.end(), std::int64_t{0},
        [](std::int64_t sum, const Section& section) {
            return sum + (section.inserted == Section::kept ? section.length : section.inserted);
        }));
}

bool ChangeSet::changes_nothing() const noexcept {
    return std::ranges::all_of(
        sections_, [](const Section& section) { return section.inserted == Section::kept; });
}

std::size_t ChangeSet::inserted_bytes() const noexcept {
    return std::accumulate(
        inserted_.begin(), inserted_.end(), std::size_t{0},
        [](std::size_t sum, const std::string& text) { return sum + text.size(); });
}

noa::sdk::Result<Text> ChangeSet::apply(const Text& text) const {
    if (length() != text.units()) {
        return invalid("it is for a text of " + std::to_string(length()) + " units, this one has " +
                       std::to_string(text.units()));
    }
    TextBuilder builder;
    TextCursor cursor(text);
    for (std::size_t at = 0; at < sections_.size(); ++at) {
        const auto size = static_cast<Position>(sections_[at].length);
        const bool kept = sections_[at].inserted == Section::kept;
        const auto nothing = [](const auto&) {};
        if (!(kept ? builder.add(cursor, size) : cursor.forward(size, nothing, nothing))) {
            return invalid("/" + std::to_string(at) + ": it cuts a pair of surrogates");
        }
        builder.add(inserted(at));
    }
    return builder.finish();
}

noa::sdk::Result<ChangeSet> ChangeSet::invert(const Text& text) const {
    if (length() != text.units()) {
        return invalid("it is for a text of another length");
    }
    ChangeSet out;
    Position at = 0;
    for (const Section& section : sections_) {
        const auto size = static_cast<Position>(section.length);
        if (section.inserted == Section::kept) {
            out.keep(size);
        } else {
            auto former = text.slice(at, at + size);
            if (!former) {
                return former.error();
            }
            out.sections_.push_back({section.inserted, section.length});
            out.add_inserted(*former);
        }
        at += size;
    }
    return out;
}

Position ChangeSet::map_position(Position position, bool stays) const noexcept {
    const auto wanted = static_cast<std::int64_t>(std::min(position, length()));
    std::int64_t before = 0;
    std::int64_t after = 0;
    for (const Section& section : sections_) {
        const std::int64_t end = before + section.length;
        if (section.inserted == Section::kept) {
            if (end > wanted) {
                return static_cast<Position>(after + wanted - before);
            }
            after += section.length;
        } else {
            if (end > wanted || (end == wanted && stays && section.length == 0)) {
                return static_cast<Position>(wanted == before || stays ? after
                                                                       : after + section.inserted);
            }
            after += section.inserted;
        }
        before = end;
    }
    return static_cast<Position>(after);
}

// As addSection and addInsert of @codemirror/state.
void ChangeSet::add_section(std::int64_t length, std::int64_t inserted, bool join) {
    if (length == 0 && inserted <= 0) {
        return;
    }
    Section* last = sections_.empty() ? nullptr : &sections_.back();
    if (last != nullptr && inserted <= 0 && inserted == last->inserted) {
        last->length += length;
    } else if (last != nullptr && length == 0 && last->length == 0) {
        last->inserted += inserted;
    } else if (last != nullptr && join) {
        last->length += length;
        last->inserted += inserted;
    } else {
        sections_.push_back({length, inserted});
    }
}

void ChangeSet::add_inserted(std::string_view text) {
    if (text.empty()) {
        return;
    }
    inserted_.resize(sections_.size());
    inserted_.back() += text;
}

} // namespace drafting
