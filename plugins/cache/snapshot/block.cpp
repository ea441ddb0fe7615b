#include "block.hpp"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace cache::snapshot {

namespace {

constexpr std::uint8_t has_end = 1;
constexpr std::uint8_t has_times = 2;

template <class T>
void append_low_first(std::string& out, T value) {
    std::array<char, sizeof(T)> digits; // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (std::size_t at = 0; at < sizeof(T); ++at) {
        digits[at] = static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * at)) & 0xffU);
    }
    out.append(digits.data(), digits.size());
}

template <class T>
T read_low_first(std::string_view bytes, std::size_t from = 0) noexcept {
    std::uint64_t value = 0;
    for (std::size_t at = 0; at < sizeof(T); ++at) {
        value |= std::uint64_t{static_cast<unsigned char>(bytes[from + at])} << (8 * at);
    }
    return static_cast<T>(value);
}

std::uint64_t hash_of(std::string_view head, std::uint64_t number, std::string_view payload) {
    return XXH64(payload.data(), payload.size(), XXH64(head.data(), head.size(), number));
}

} // namespace

std::string file_head() {
    std::string bytes(file_magic);
    append_low_first(bytes, file_version);
    append_low_first(bytes, std::uint32_t{0});
    return bytes;
}

std::string_view fault_of_file_head(std::string_view bytes) {
    if (bytes.size() < file_head_bytes || !bytes.starts_with(file_magic)) {
        return "is no snapshot of a cache";
    }
    return read_low_first<std::uint32_t>(bytes, file_magic.size()) == file_version
               ? std::string_view()
               : "is of another version";
}

std::string make_block(Kind kind, std::uint32_t count, std::uint64_t number,
                       std::string_view payload) {
    std::string block;
    block.reserve(block_head_bytes + payload.size());
    append_low_first(block, static_cast<std::uint32_t>(kind));
    append_low_first(block, count);
    append_low_first(block, std::uint64_t{payload.size()});
    append_low_first(block, hash_of(block, number, payload));
    return block.append(payload);
}

std::optional<BlockHead> block_head_of(std::string_view bytes) {
    if (bytes.size() < block_head_bytes) {
        return std::nullopt;
    }
    const auto kind = read_low_first<std::uint32_t>(bytes);
    const BlockHead head{static_cast<Kind>(kind), read_low_first<std::uint32_t>(bytes, 4),
                         read_low_first<std::uint64_t>(bytes, 8),
                         read_low_first<std::uint64_t>(bytes, 16)};
    const bool known = kind >= static_cast<std::uint32_t>(Kind::head) &&
                       kind <= static_cast<std::uint32_t>(Kind::end);
    return known && head.size <= largest_payload ? std::optional(head) : std::nullopt;
}

bool holds(const BlockHead& head, std::uint64_t number, std::string_view payload) {
    std::string hashed;
    append_low_first(hashed, static_cast<std::uint32_t>(head.kind));
    append_low_first(hashed, head.count);
    append_low_first(hashed, head.size);
    return payload.size() == head.size && hash_of(hashed, number, payload) == head.hash;
}

std::string payload_of(const Head& head) {
    std::string payload;
    append_low_first(payload, head.written_ms);
    append_low_first(payload, head.seed[0]);
    append_low_first(payload, head.seed[1]);
    return payload;
}

std::optional<Head> head_of(std::string_view payload) {
    if (payload.size() != 24) {
        return std::nullopt;
    }
    return Head{
        read_low_first<std::int64_t>(payload),
        {read_low_first<std::uint64_t>(payload, 8), read_low_first<std::uint64_t>(payload, 16)}};
}

std::string payload_of(const End& end) {
    std::string payload;
    append_low_first(payload, end.blocks);
    append_low_first(payload, end.entries);
    return payload;
}

std::optional<End> end_of(std::string_view payload) {
    if (payload.size() != 16) {
        return std::nullopt;
    }
    return End{read_low_first<std::uint64_t>(payload), read_low_first<std::uint64_t>(payload, 8)};
}

void append(std::string& out, const Entry& entry) {
    const bool times = entry.value.load_ms != 0 || entry.value.grace.count() != 0;
    append_low_first(out, entry.space);
    append_low_first(out, static_cast<std::uint8_t>(entry.value.type));
    append_low_first(out, static_cast<std::uint8_t>((entry.end_ms != 0 ? has_end : 0) |
                                                    (times ? has_times : 0)));
    append_low_first(out, static_cast<std::uint8_t>(entry.marks.size() / tag_bytes));
    append_low_first(out, static_cast<std::uint16_t>(entry.key.size()));
    append_low_first(out, static_cast<std::uint32_t>(entry.value.bytes.size()));
    if (entry.end_ms != 0) {
        append_low_first(out, entry.end_ms);
    }
    if (times) {
        append_low_first(out, entry.value.load_ms);
        append_low_first(out, static_cast<std::uint32_t>(entry.value.grace.count()));
    }
    out.append(entry.marks).append(entry.key).append(entry.value.bytes);
}

template <class T>
bool EntriesReader::number(T& into) noexcept {
    if (left_.size() < sizeof(T)) {
        return false;
    }
    into = read_low_first<T>(left_);
    left_.remove_prefix(sizeof(T));
    return true;
}

bool EntriesReader::text(std::string_view& into, std::uint64_t size) noexcept {
    if (left_.size() < size) {
        return false;
    }
    into = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
}

bool EntriesReader::spaces(std::vector<std::pair<SpaceId, std::string_view>>& into) {
    into.clear();
    for (;;) {
        SpaceId id = 0;
        std::uint8_t size = 0;
        std::string_view name;
        if (!number(id) || !number(size) || !text(name, size)) {
            return false;
        }
        if (size == 0) {
            return true;
        }
        if (id >= most_spaces || size > longest_space_name || into.size() >= most_spaces) {
            return false;
        }
        into.emplace_back(id, name);
    }
}

std::optional<Entry> EntriesReader::next() {
    Entry entry;
    std::uint8_t type = 0;
    std::uint8_t has = 0;
    std::uint8_t tags = 0;
    std::uint16_t key_size = 0;
    std::uint32_t value_size = 0;
    std::uint32_t grace_ms = 0;
    bool whole = number(entry.space) && number(type) && number(has) && number(tags) &&
                 number(key_size) && number(value_size);
    whole = whole && ((has & has_end) == 0 || number(entry.end_ms));
    whole = whole && ((has & has_times) == 0 || (number(entry.value.load_ms) && number(grace_ms)));
    whole = whole && text(entry.marks, std::uint64_t{tags} * tag_bytes) &&
            text(entry.key, key_size) && text(entry.value.bytes, value_size);
    if (!whole || type > static_cast<std::uint8_t>(Type::set) || tags > most_tags ||
        value_size > longest_value || entry.end_ms < 0) {
        return std::nullopt;
    }
    entry.value.type = static_cast<Type>(type);
    entry.value.grace = Instant(grace_ms);
    return entry;
}

} // namespace cache::snapshot
