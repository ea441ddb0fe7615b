#include "index.hpp"

#include <cstring>

namespace cache {

namespace {

std::uint32_t directory_pages(unsigned depth) noexcept {
    return static_cast<std::uint32_t>(((sizeof(PageNumber) << depth) + page_bytes - 1) /
                                      page_bytes);
}

} // namespace

bool Index::format() noexcept {
    const auto run = pages_->take(directory_pages(0));
    const PageNumber page = run ? make_page(0) : 0;
    if (page == 0) {
        return false;
    }
    head() = {*run, 0, 0};
    directory()[0] = page;
    return true;
}

bool Index::make_room(std::uint64_t hash, const Hashes& hashes) noexcept {
    while (memory_.page(page_for(hash)).used >= full) {
        if (!split(hash, hashes)) {
            // Slower when it is really full, but in its place.
            return memory_.page(page_for(hash)).used < buckets * Bucket::places;
        }
    }
    return true;
}

void Index::insert(std::uint64_t hash, Loc loc) noexcept {
    put(page_for(hash), hash, loc);
    ++head().entries;
}

void Index::erase(std::uint64_t hash, Loc* place, const Hashes& hashes) noexcept {
    const PageNumber number = page_for(hash);
    auto* page = memory_.page_data<Bucket>(number);
    const auto offset = reinterpret_cast<std::byte*>(place) - reinterpret_cast<std::byte*>(page);
    const auto found = static_cast<unsigned>(offset) / static_cast<unsigned>(sizeof(Bucket));
    for (unsigned at = bucket_of(hash); at != found; at = (at + 1) % buckets) {
        --page[at].passed;
    }
    page[found].tags[static_cast<std::size_t>(place - page[found].locs.data())] = 0;
    --head().entries;
    if (--memory_.page(number).used < few) {
        merge(hash, hashes);
    }
}

PageNumber Index::make_page(unsigned depth) noexcept {
    const auto page = pages_->take(1);
    if (!page) {
        return 0;
    }
    std::memset(memory_.page_data<std::byte>(*page), 0, page_bytes);
    PageInfo& info = memory_.page(*page);
    info = {};
    info.kind = PageKind::index;
    info.size_class = static_cast<std::uint8_t>(depth);
    return *page;
}

// REQUIRES: the page has a free place.
void Index::put(PageNumber number, std::uint64_t hash, Loc loc) noexcept {
    auto* page = memory_.page_data<Bucket>(number);
    ++memory_.page(number).used;
    for (unsigned at = bucket_of(hash);; at = (at + 1) % buckets) {
        if (const std::uint32_t free = matches(page[at], 0); free != 0) {
            const auto place = static_cast<unsigned>(std::countr_zero(free));
            page[at].tags[place] = tag_of(hash);
            page[at].locs[place] = loc;
            return;
        }
        ++page[at].passed;
    }
}

template <class Visit>
void Index::each(PageNumber number, Visit&& visit) const noexcept {
    const auto* page = memory_.page_data<Bucket>(number);
    for (unsigned at = 0; at < buckets; ++at) {
        for (unsigned place = 0; place < Bucket::places; ++place) {
            if (page[at].tags[place] != 0) {
                visit(page[at].locs[place]);
            }
        }
    }
}

// Has every place in the directory that begins with the `depth` bits of `prefix` lead to a page.
void Index::point(std::uint64_t prefix, unsigned depth, PageNumber page) noexcept {
    const std::uint64_t count = std::uint64_t{1} << (head().depth - depth);
    PageNumber* first = directory() + prefix * count;
    for (std::uint64_t at = 0; at < count; ++at) {
        first[at] = page;
    }
}

bool Index::split(std::uint64_t hash, const Hashes& hashes) noexcept {
    const PageNumber old = page_for(hash);
    const unsigned depth = memory_.page(old).size_class;
    if (depth == head().depth && !deepen()) {
        return false;
    }
    const PageNumber low = make_page(depth + 1);
    const PageNumber high = low != 0 ? make_page(depth + 1) : 0;
    if (high == 0) {
        if (low != 0) {
            pages_->put(low, 1);
        }
        return false;
    }
    each(old, [&](Loc loc) {
        const std::uint64_t of_loc = hashes.hash_of(loc);
        put((of_loc >> (63U - depth) & 1U) == 0 ? low : high, of_loc, loc);
    });
    const std::uint64_t prefix = depth == 0 ? 0 : hash >> (64U - depth);
    point(prefix * 2, depth + 1, low);
    point(prefix * 2 + 1, depth + 1, high);
    memory_.page(old).kind = PageKind::none;
    pages_->put(old, 1);
    return true;
}

bool Index::deepen() noexcept {
    const unsigned depth = head().depth;
    if (depth == deepest) {
        return false;
    }
    const auto run = pages_->take(directory_pages(depth + 1));
    if (!run) {
        return false;
    }
    auto* into = memory_.page_data<PageNumber>(*run);
    const PageNumber* from = directory();
    for (std::uint64_t at = 0; at < std::uint64_t{1} << depth; ++at) {
        into[2 * at] = into[2 * at + 1] = from[at];
    }
    pages_->put(head().directory, directory_pages(depth));
    head().directory = *run;
    head().depth = depth + 1;
    return true;
}

// With the page that it was once split from, when both have become small.
void Index::merge(std::uint64_t hash, const Hashes& hashes) noexcept {
    const PageNumber one = page_for(hash);
    const unsigned depth = memory_.page(one).size_class;
    if (depth == 0) {
        return;
    }
    const std::uint64_t prefix = hash >> (64U - depth);
    const std::uint64_t sibling = (prefix ^ 1U) << (64U - depth);
    const PageNumber other = page_for(sibling);
    if (memory_.page(other).size_class != depth || memory_.page(other).used > 2 * few) {
        return;
    }
    each(other, [&](Loc loc) { put(one, hashes.hash_of(loc), loc); });
    memory_.page(one).size_class = static_cast<std::uint8_t>(depth - 1);
    point(prefix >> 1U, depth - 1, one);
    memory_.page(other).kind = PageKind::none;
    pages_->put(other, 1);
}

} // namespace cache
