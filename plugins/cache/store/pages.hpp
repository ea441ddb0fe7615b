// Runs of pages of a region, within a limit. Freed memory is kept for the next taker, until
// `give_back` hands it to the system.
#pragma once

#include <optional>

#include "layout.hpp"

namespace cache {

class Pages {
public:
    explicit Pages(Memory memory) noexcept : memory_(memory) {}

    // On a header that is all zeroes.
    void format() noexcept;

    // The first of `count` pages that follow each other, their content anything; nothing when
    // they would pass the limit, or lie nowhere. The first one's descriptor is the caller's, but
    // that `extent` has to be as it is told at `put`.
    std::optional<PageNumber> take(std::uint32_t count) noexcept;
    void put(PageNumber first, std::uint32_t count) noexcept;

    // At most about `most` pages; true when there are more.
    bool give_back(std::uint64_t most) noexcept;

    // In pages, the store's own upkeep included.
    void limit(std::uint64_t most) noexcept { head().most = most; }
    [[nodiscard]] std::uint64_t limit() const noexcept { return head().most; }
    // Pages whose memory the region holds.
    [[nodiscard]] std::uint64_t held() const noexcept {
        return head().used + head().dirty + header_pages + head().descriptors;
    }
    [[nodiscard]] std::uint64_t dirty() const noexcept { return head().dirty; }

    // Runs that are not free, descriptors included, to the frontier.
    template <class Visit>
    void each_used(Visit&& visit) const {
        PageNumber first = 0;
        const auto show = [&](PageNumber end) {
            if (end > first) {
                visit(first, end - first);
            }
        };
        PageNumber page = 0;
        while (page < head().frontier) {
            const PageNumber within = page % chunk_pages;
            const PageInfo& info = memory_.page(page);
            if (within >= descriptor_pages &&
                (info.kind == PageKind::dirty || info.kind == PageKind::clean)) {
                show(page);
                first = page + info.extent;
                page = first;
            } else {
                page += within == 0 ? descriptor_pages : taken_pages(info);
            }
        }
        show(head().frontier);
    }

private:
    // From the first page of what is taken; pages of the header one by one.
    static std::uint32_t taken_pages(const PageInfo& info) noexcept {
        return info.kind == PageKind::slab  ? classes[info.size_class].pages
               : info.kind == PageKind::run ? info.extent
                                            : 1;
    }
    static constexpr std::uint32_t longest_run = chunk_pages - descriptor_pages - header_pages;

    [[nodiscard]] PagesHead& head() const noexcept { return memory_.header().pages; }
    PageNumber take_clean(std::uint32_t count) noexcept;
    [[nodiscard]] PageNumber find(PageKind kind, std::uint32_t count) const noexcept;
    void add_free(PageKind kind, PageNumber first, std::uint32_t count) noexcept;
    void link(PageKind kind, PageNumber first, std::uint32_t count) noexcept;
    void unlink(PageNumber first) noexcept;
    PageNumber split(PageNumber first, std::uint32_t count) noexcept;
    PageNumber carve(std::uint32_t count) noexcept;

    Memory memory_;
};

} // namespace cache
