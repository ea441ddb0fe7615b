// Strings by their bytes and bits.
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "../call.hpp"
#include "../number.hpp"

namespace cache::resp {

namespace {

constexpr std::int64_t most_bits = 8 * (512LL << 20U); // 2^32, as in Redis
constexpr std::size_t largest_lcs = 4U << 20U;         // entries of its table

// A copy, to be changed.
std::string copy_of(const std::optional<Value>& value) {
    return value ? std::string(value->bytes) : std::string();
}

bool fits(Call& call, std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(longest_bulk)) {
        call.reply.error(words::too_large);
        return false;
    }
    return true;
}

void append(Call& call) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::string);
    if (wrong || !fits(call, (value ? value->bytes.size() : 0) + call.arg(2).size())) {
        return;
    }
    const std::string text = copy_of(value).append(call.arg(2));
    if (call.update(call.arg(1), text, Type::string)) {
        call.reply.integer(static_cast<std::int64_t>(text.size()));
    }
}

void strlen(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::string); !wrong) {
        call.reply.integer(value ? static_cast<std::int64_t>(value->bytes.size()) : 0);
    }
}

void setrange(Call& call) {
    const auto offset = call.integer(2);
    if (!offset) {
        return;
    }
    if (*offset < 0) {
        call.reply.error("ERR offset is out of range");
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    const std::string_view text = call.arg(3);
    const std::size_t before = value ? value->bytes.size() : 0;
    if (text.empty()) {
        call.reply.integer(static_cast<std::int64_t>(before));
        return;
    }
    const auto end = static_cast<std::uint64_t>(*offset) + text.size();
    if (!fits(call, end)) {
        return;
    }
    std::string whole = copy_of(value);
    whole.resize(std::max<std::size_t>(before, end), '\0');
    std::copy(text.begin(), text.end(), whole.begin() + *offset);
    if (call.update(call.arg(1), whole, Type::string)) {
        call.reply.integer(static_cast<std::int64_t>(whole.size()));
    }
}

// From `begin` to `end`, both included, below 0 from the end on; empty when there is nothing.
std::pair<std::int64_t, std::int64_t> clipped(std::int64_t begin, std::int64_t end,
                                              std::int64_t size) noexcept {
    if (begin < 0 && end < 0 && begin > end) {
        return {0, -1};
    }
    begin = std::max<std::int64_t>(begin < 0 ? size + begin : begin, 0);
    end = std::max<std::int64_t>(end < 0 ? size + end : end, 0);
    return {begin, std::min(end, size - 1)};
}

void getrange(Call& call) {
    const auto begin = call.integer(2);
    if (!begin) {
        return;
    }
    const auto end = call.integer(3);
    if (!end) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    const std::string_view text = value ? value->bytes : std::string_view();
    const auto [first, last] = clipped(*begin, *end, static_cast<std::int64_t>(text.size()));
    call.reply.bulk(first > last ? std::string_view()
                                 : text.substr(static_cast<std::size_t>(first),
                                               static_cast<std::size_t>(last - first + 1)));
}

std::optional<std::size_t> bit_offset(Call& call) {
    const auto offset = whole_number(call.arg(2));
    if (!offset || *offset < 0 || *offset >= most_bits) {
        call.reply.error("ERR bit offset is not an integer or out of range");
        return std::nullopt;
    }
    return static_cast<std::size_t>(*offset);
}

bool bit_of(std::string_view text, std::size_t offset) noexcept {
    return offset / 8 < text.size() &&
           (static_cast<std::uint8_t>(text[offset / 8]) >> (7 - offset % 8) & 1U) != 0;
}

void setbit(Call& call) {
    const auto offset = bit_offset(call);
    if (!offset) {
        return;
    }
    if (call.arg(3) != "0" && call.arg(3) != "1") {
        call.reply.error("ERR bit is not an integer or out of range");
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::string);
    if (wrong || !fits(call, *offset / 8 + 1)) {
        return;
    }
    std::string whole = copy_of(value);
    const bool before = bit_of(whole, *offset);
    whole.resize(std::max(whole.size(), *offset / 8 + 1), '\0');
    const auto mask = static_cast<std::uint8_t>(0x80U >> *offset % 8);
    char& byte = whole[*offset / 8];
    byte = static_cast<char>(call.arg(3) == "1" ? static_cast<std::uint8_t>(byte) | mask
                                                : static_cast<std::uint8_t>(byte) & ~mask);
    if (call.update(call.arg(1), whole, Type::string)) {
        call.reply.integer(before ? 1 : 0);
    }
}

void getbit(Call& call) {
    const auto offset = bit_offset(call);
    if (!offset) {
        return;
    }
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::string); !wrong) {
        call.reply.integer(value && bit_of(value->bytes, *offset) ? 1 : 0);
    }
}

void bitcount(Call& call) {
    const bool bits = call.size() == 5 && call.is(4, "bit");
    if (call.size() == 3 || call.size() > 5 || (call.size() == 5 && !bits && !call.is(4, "byte"))) {
        call.syntax_error();
        return;
    }
    std::int64_t begin = 0;
    std::int64_t end = -1;
    if (call.size() >= 4) {
        const auto first = call.integer(2);
        const auto last = first ? call.integer(3) : std::nullopt;
        if (!last) {
            return;
        }
        begin = *first;
        end = *last;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    const std::string_view text = value ? value->bytes : std::string_view();
    const auto size = static_cast<std::int64_t>(text.size()) * (bits ? 8 : 1);
    auto [first, last] = clipped(begin, end, size);
    std::int64_t count = 0;
    if (bits) {
        for (; first <= last && (first % 8 != 0 || last - first < 7); ++first) {
            count += bit_of(text, static_cast<std::size_t>(first)) ? 1 : 0;
        }
        for (; first <= last && last % 8 != 7; --last) {
            count += bit_of(text, static_cast<std::size_t>(last)) ? 1 : 0;
        }
        first /= 8;
        last = last < 0 ? -1 : (last + 1) / 8 - 1;
    }
    for (; first <= last; ++first) {
        count += std::popcount(static_cast<std::uint8_t>(text[static_cast<std::size_t>(first)]));
    }
    call.reply.integer(count);
}

struct LcsWords {
    bool length = false;
    bool indexes = false;
    bool with_length = false;
    std::int64_t least = 0;
};

bool read_lcs_words(Call& call, LcsWords& words) {
    for (std::size_t at = 3; at < call.size(); ++at) {
        if (call.is(at, "len")) {
            words.length = true;
        } else if (call.is(at, "idx")) {
            words.indexes = true;
        } else if (call.is(at, "withmatchlen")) {
            words.with_length = true;
        } else if (call.is(at, "minmatchlen") && at + 1 < call.size()) {
            const auto least = call.integer(++at);
            if (!least) {
                return false;
            }
            words.least = std::max<std::int64_t>(*least, 0);
        } else {
            call.syntax_error();
            return false;
        }
    }
    if (words.length && words.indexes) {
        call.reply.error("ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }
    return true;
}

// Where both run alike, from the back to the front.
struct Match {
    std::size_t first;
    std::size_t second;
    std::size_t size;
};

struct Lcs {
    std::string text;
    std::vector<Match> matches;
};

Lcs longest_common(std::string_view first, std::string_view second) {
    const std::size_t width = second.size() + 1;
    std::vector<std::uint32_t> lengths((first.size() + 1) * width, 0);
    for (std::size_t i = 1; i <= first.size(); ++i) {
        for (std::size_t j = 1; j <= second.size(); ++j) {
            lengths[i * width + j] =
                first[i - 1] == second[j - 1]
                    ? lengths[(i - 1) * width + j - 1] + 1
                    : std::max(lengths[(i - 1) * width + j], lengths[i * width + j - 1]);
        }
    }
    Lcs lcs;
    std::size_t i = first.size();
    std::size_t j = second.size();
    while (i > 0 && j > 0) {
        if (first[i - 1] == second[j - 1]) {
            lcs.text += first[i - 1];
            --i;
            --j;
            Match* last = lcs.matches.empty() ? nullptr : &lcs.matches.back();
            if (last != nullptr && last->first == i + 1 && last->second == j + 1) {
                *last = {i, j, last->size + 1};
            } else {
                lcs.matches.push_back({i, j, 1});
            }
        } else if (lengths[(i - 1) * width + j] > lengths[i * width + j - 1]) {
            --i;
        } else {
            --j;
        }
    }
    std::reverse(lcs.text.begin(), lcs.text.end());
    return lcs;
}

void tell_matches(Call& call, const Lcs& lcs, const LcsWords& words) {
    std::vector<Match> told;
    std::copy_if(
        lcs.matches.begin(), lcs.matches.end(), std::back_inserter(told),
        [&](const Match& match) { return match.size >= static_cast<std::uint64_t>(words.least); });
    call.reply.map(2);
    call.reply.bulk("matches");
    call.reply.array(told.size());
    for (const Match& match : told) {
        call.reply.array(words.with_length ? 3 : 2);
        for (const std::size_t begin : {match.first, match.second}) {
            call.reply.array(2);
            call.reply.integer(static_cast<std::int64_t>(begin));
            call.reply.integer(static_cast<std::int64_t>(begin + match.size - 1));
        }
        if (words.with_length) {
            call.reply.integer(static_cast<std::int64_t>(match.size));
        }
    }
    call.reply.bulk("len");
    call.reply.integer(static_cast<std::int64_t>(lcs.text.size()));
}

void lcs(Call& call) {
    const auto first = call.keys.find(call.arg(1));
    const auto second = call.keys.find(call.arg(2));
    if ((first && kind_of(first->type) != Kind::string) ||
        (second && kind_of(second->type) != Kind::string)) {
        call.reply.error("ERR The specified keys must contain string values");
        return;
    }
    LcsWords words;
    if (!read_lcs_words(call, words)) {
        return;
    }
    const std::string_view one = first ? first->bytes : std::string_view();
    const std::string_view other = second ? second->bytes : std::string_view();
    if ((one.size() + 1) * (other.size() + 1) > largest_lcs) {
        call.reply.error("ERR Insufficient memory, failed allocating transient memory for LCS");
        return;
    }
    const Lcs found = longest_common(one, other);
    if (words.indexes) {
        tell_matches(call, found, words);
    } else if (words.length) {
        call.reply.integer(static_cast<std::int64_t>(found.text.size()));
    } else {
        call.reply.bulk(found.text);
    }
}

constexpr Command byte_table[] = {
    entry("append", 3, writes | denies_oom | fast, one_key, append, Group::string, "2.0.0",
          "key value", "Append a value to a key"),
    entry("strlen", 2, reads | fast, one_key, strlen, Group::string, "2.2.0", "key",
          "Get the length of the value stored in a key"),
    entry("setrange", 4, writes | denies_oom, one_key, setrange, Group::string, "2.2.0",
          "key offset value", "Overwrite part of a string at key starting at the specified offset"),
    entry("getrange", 4, reads, one_key, getrange, Group::string, "2.4.0", "key start end",
          "Get a substring of the string stored at a key"),
    entry("substr", 4, reads, one_key, getrange, Group::string, "1.0.0", "key start end",
          "Get a substring of the string stored at a key"),
    entry("setbit", 4, writes | denies_oom, one_key, setbit, Group::string, "2.2.0",
          "key offset value", "Sets or clears the bit at offset in the string value stored at key"),
    entry("getbit", 3, reads | fast, one_key, getbit, Group::string, "2.2.0", "key offset",
          "Returns the bit value at offset in the string value stored at key"),
    entry("bitcount", -2, reads, one_key, bitcount, Group::string, "2.6.0",
          "key [start end [BYTE | BIT]]", "Count set bits in a string"),
    entry("lcs", -3, reads, two_keys, lcs, Group::string, "7.0.0",
          "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]",
          "Find longest common substring"),
};

} // namespace

std::span<const Command> byte_commands() noexcept {
    return byte_table;
}

} // namespace cache::resp
