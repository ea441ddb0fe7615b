// What the bytes of a hash, a list or a set are in the store: a count, then texts, each behind its
// size. A hash has two for each field.
//
//     count   4 bytes, the lowest first
//     size    7 bits a byte, the lowest first, the top bit says that more follow; then the text
//
// One value holds all of it: a look goes through it, a change writes it anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cache::resp {

// Reads texts in order, and not a byte beyond the end; damaged bytes end early.
class ItemReader {
public:
    explicit ItemReader(std::string_view bytes) noexcept;

    // As the head says; what is really there may be less.
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    bool next(std::string_view& text) noexcept;
    // Where the text that comes next begins, its size included.
    [[nodiscard]] std::size_t place() const noexcept { return place_; }

private:
    std::string_view bytes_;
    std::size_t place_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t seen_ = 0;
};

// Where a text lies, its size included.
struct ItemPlace {
    std::size_t begin;
    std::size_t end;
    std::string_view text;
};

// A copy that changes.
class Items {
public:
    Items() : bytes_(4, '\0') {}
    explicit Items(std::string_view bytes);

    [[nodiscard]] std::uint32_t count() const noexcept { return ItemReader(bytes_).count(); }
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

    void append(std::string_view text);
    void prepend(std::string_view text);
    void prepend_all(const Items& others);
    void insert(std::size_t place, std::string_view text);
    void append(std::span<const std::string_view> texts);
    void replace(const ItemPlace& place, std::string_view text);
    // `items` texts that lie there.
    void erase(std::size_t begin, std::size_t end, std::uint32_t items);

private:
    void count(std::int64_t more) noexcept;

    std::string bytes_;
};

// All texts, in order: views into `bytes`.
[[nodiscard]] std::vector<std::string_view> items_of(std::string_view bytes);

// A member of a set, or an element of a list; the first that is equal.
[[nodiscard]] std::optional<ItemPlace> find_item(std::string_view bytes,
                                                 std::string_view text) noexcept;
struct FieldPlace {
    ItemPlace field;
    ItemPlace value; // lies right behind it
};
[[nodiscard]] std::optional<FieldPlace> find_field(std::string_view bytes,
                                                   std::string_view field) noexcept;

// Each `step`th text by what it says, with its place among all of them: for whoever looks for many.
// Ordered, so that nobody can choose texts that collide.
using ItemPlaces = std::map<std::string_view, std::size_t>;
[[nodiscard]] ItemPlaces places_of(std::span<const std::string_view> items, std::size_t step);
inline constexpr std::size_t many_items = 8; // from here on that is worth it

} // namespace cache::resp
