#include "items.hpp"

#include <cstring>

namespace cache::resp {

namespace {

constexpr std::size_t head_bytes = sizeof(std::uint32_t);
constexpr unsigned most_size_bytes = 5;

void append_size(std::string& out, std::size_t size) {
    while (size >= 0x80U) {
        out += static_cast<char>(0x80U | (size & 0x7fU));
        size >>= 7U;
    }
    out += static_cast<char>(size);
}

std::string encoded(std::string_view text) {
    std::string out;
    out.reserve(text.size() + most_size_bytes);
    append_size(out, text.size());
    return out.append(text);
}

} // namespace

ItemReader::ItemReader(std::string_view bytes) noexcept : bytes_(bytes) {
    if (bytes.size() >= head_bytes) {
        std::memcpy(&count_, bytes.data(), head_bytes);
        place_ = head_bytes;
    }
}

bool ItemReader::next(std::string_view& text) noexcept {
    if (seen_ == count_) {
        return false;
    }
    std::size_t size = 0;
    std::size_t at = place_;
    for (unsigned byte = 0; byte < most_size_bytes && at < bytes_.size(); ++byte) {
        const auto part = static_cast<std::uint8_t>(bytes_[at++]);
        size |= static_cast<std::size_t>(part & 0x7fU) << (7 * byte);
        if ((part & 0x80U) == 0) {
            if (size > bytes_.size() - at) {
                return false;
            }
            text = bytes_.substr(at, size);
            place_ = at + size;
            ++seen_;
            return true;
        }
    }
    return false;
}

Items::Items(std::string_view bytes) : bytes_(bytes) {
    if (bytes_.size() < head_bytes) {
        bytes_.assign(head_bytes, '\0');
    }
}

void Items::count(std::int64_t more) noexcept {
    const auto now = static_cast<std::uint32_t>(count() + more);
    std::memcpy(bytes_.data(), &now, head_bytes);
}

void Items::append(std::string_view text) {
    append_size(bytes_, text.size());
    bytes_.append(text);
    count(1);
}

void Items::append(std::span<const std::string_view> texts) {
    for (const std::string_view text : texts) {
        append(text);
    }
}

void Items::prepend(std::string_view text) {
    insert(head_bytes, text);
}

void Items::prepend_all(const Items& others) {
    bytes_.insert(head_bytes, others.bytes_, head_bytes);
    count(others.count());
}

void Items::insert(std::size_t place, std::string_view text) {
    bytes_.insert(place, encoded(text));
    count(1);
}

void Items::replace(const ItemPlace& place, std::string_view text) {
    bytes_.replace(place.begin, place.end - place.begin, encoded(text));
}

void Items::erase(std::size_t begin, std::size_t end, std::uint32_t items) {
    bytes_.erase(begin, end - begin);
    count(-std::int64_t{items});
}

std::vector<std::string_view> items_of(std::string_view bytes) {
    std::vector<std::string_view> all;
    ItemReader reader(bytes);
    for (std::string_view text; reader.next(text);) {
        all.push_back(text);
    }
    return all;
}

std::optional<ItemPlace> find_item(std::string_view bytes, std::string_view text) noexcept {
    ItemReader reader(bytes);
    std::string_view at;
    for (std::size_t begin = reader.place(); reader.next(at); begin = reader.place()) {
        if (at == text) {
            return ItemPlace{begin, reader.place(), at};
        }
    }
    return std::nullopt;
}

std::optional<FieldPlace> find_field(std::string_view bytes, std::string_view field) noexcept {
    ItemReader reader(bytes);
    ItemPlace name{};
    ItemPlace value{};
    for (name.begin = reader.place(); reader.next(name.text); name.begin = reader.place()) {
        name.end = value.begin = reader.place();
        if (!reader.next(value.text)) {
            break;
        }
        value.end = reader.place();
        if (name.text == field) {
            return FieldPlace{name, value};
        }
    }
    return std::nullopt;
}

ItemPlaces places_of(std::span<const std::string_view> items, std::size_t step) {
    ItemPlaces places;
    for (std::size_t at = 0; at < items.size(); at += step) {
        places.emplace(items[at], at);
    }
    return places;
}

} // namespace cache::resp
