#include "pages.hpp"

#include <algorithm>
#include <bit>

namespace cache {

namespace {

constexpr unsigned longest_search = 16; // runs that one bin is searched for

// Exact up to 15 pages, then a bin each doubling.
std::size_t bin_of(std::uint32_t count) noexcept {
    return count < 16 ? count
                      : std::min<std::size_t>(16 + std::bit_width(count) - 5U, PagesHead::bins - 1);
}

std::size_t side(PageKind kind) noexcept {
    return kind == PageKind::dirty ? 0 : 1;
}

} // namespace

void Pages::format() noexcept {
    head().frontier = first_page;
    head().descriptors = 1;
}

std::optional<PageNumber> Pages::take(std::uint32_t count) noexcept {
    if (count == 0 || count > longest_run) {
        return std::nullopt;
    }
    PagesHead& pages = head();
    PageNumber first = find(PageKind::dirty, count);
    if (first != 0) {
        pages.dirty -= count;
        first = split(first, count);
    } else {
        // Descriptors may cost a page more each 256 that are carved.
        const std::uint64_t before = held();
        const std::uint64_t wanted = before + count + (count + 255) / 256;
        if (wanted > pages.most) {
            give_back(wanted - pages.most);
        }
        if (held() + wanted - before > pages.most) {
            return std::nullopt;
        }
        first = take_clean(count);
        if (first == 0 && pages.dirty > 0) { // together they may be long enough
            give_back(pages.dirty);
            first = take_clean(count);
        }
        if (first == 0) {
            return std::nullopt;
        }
    }
    pages.used += count;
    PageInfo& info = memory_.page(first);
    info = {};
    info.kind = PageKind::run;
    info.extent = count;
    return first;
}

void Pages::put(PageNumber first, std::uint32_t count) noexcept {
    head().used -= count;
    head().dirty += count;
    add_free(PageKind::dirty, first, count);
}

bool Pages::give_back(std::uint64_t most) noexcept {
    PagesHead& pages = head();
    std::uint64_t done = 0;
    for (std::size_t bin = PagesHead::bins; bin-- > 0 && done < most;) {
        while (done < most && pages.free[0][bin] != 0) {
            const PageNumber first = pages.free[0][bin];
            const std::uint32_t whole = memory_.page(first).extent;
            const auto count =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(whole, most - done));
            if (!memory_.region().release(std::uint64_t{first} * page_bytes,
                                          std::uint64_t{count} * page_bytes)) {
                return false; // asked again with the next round, not at once
            }
            split(first, count);
            pages.dirty -= count;
            done += count;
            add_free(PageKind::clean, first, count);
        }
    }
    return pages.dirty > 0;
}

PageNumber Pages::take_clean(std::uint32_t count) noexcept {
    const PageNumber first = find(PageKind::clean, count);
    return first != 0 ? split(first, count) : carve(count);
}

PageNumber Pages::find(PageKind kind, std::uint32_t count) const noexcept {
    const auto& bins = head().free[side(kind)];
    for (std::size_t bin = bin_of(count); bin < bins.size(); ++bin) {
        PageNumber run = bins[bin];
        for (unsigned looked = 0; run != 0 && looked < longest_search; ++looked) {
            if (memory_.page(run).extent >= count) {
                return run;
            }
            run = memory_.page(run).next;
        }
    }
    return 0;
}

// Joins what lies beside it and is of the same kind.
void Pages::add_free(PageKind kind, PageNumber first, std::uint32_t count) noexcept {
    const PageNumber after = first + count;
    if (after < head().frontier && after % chunk_pages != 0 && memory_.page(after).kind == kind) {
        const std::uint32_t more = memory_.page(after).extent;
        unlink(after);
        count += more;
    }
    // Descriptors and the header are of no kind: what lies before is in this chunk.
    if (const PageInfo& before = memory_.page(first - 1); before.kind == kind) {
        const std::uint32_t more = before.extent;
        unlink(first - more);
        first -= more;
        count += more;
    }
    link(kind, first, count);
}

void Pages::link(PageKind kind, PageNumber first, std::uint32_t count) noexcept {
    PageNumber& bin = head().free[side(kind)][bin_of(count)];
    PageInfo& last = memory_.page(first + count - 1);
    last.kind = kind;
    last.extent = count;
    PageInfo& info = memory_.page(first);
    info.kind = kind;
    info.extent = count;
    info.prev = 0;
    info.next = bin;
    if (bin != 0) {
        memory_.page(bin).prev = first;
    }
    bin = first;
}

void Pages::unlink(PageNumber first) noexcept {
    PageInfo& info = memory_.page(first);
    if (info.prev != 0) {
        memory_.page(info.prev).next = info.next;
    } else {
        head().free[side(info.kind)][bin_of(info.extent)] = info.next;
    }
    if (info.next != 0) {
        memory_.page(info.next).prev = info.prev;
    }
    memory_.page(first + info.extent - 1).kind = PageKind::none;
    info.kind = PageKind::none;
}

// Takes the first `count` of a free run off it.
PageNumber Pages::split(PageNumber first, std::uint32_t count) noexcept {
    const PageInfo info = memory_.page(first);
    unlink(first);
    if (info.extent > count) {
        link(info.kind, first + count, info.extent - count);
    }
    return first;
}

PageNumber Pages::carve(std::uint32_t count) noexcept {
    PagesHead& pages = head();
    PageNumber first = pages.frontier;
    const PageNumber end = (first / chunk_pages + 1) * chunk_pages;
    PageNumber next = first;
    if (first % chunk_pages == 0 || end - first < count) {
        next = (first % chunk_pages == 0 ? first : end) + descriptor_pages;
    }
    if (std::uint64_t{next} + count > memory_.pages()) {
        return 0;
    }
    pages.frontier = next + count;
    if (next != first && first % chunk_pages != 0 && end > first) {
        add_free(PageKind::clean, first, end - first);
    }
    const PageNumber within = pages.frontier - pages.frontier / chunk_pages * chunk_pages;
    pages.descriptors = pages.frontier / chunk_pages * descriptor_pages + (within + 255) / 256;
    return next;
}

} // namespace cache
