#include "image.hpp"

#include <algorithm>
#include <utility>

namespace cache {

namespace {

constexpr std::uint64_t image_magic = 0x4547414d4943414eU; // "NACIMAGE"

std::string_view pages_of(const Region& region, PageNumber first, std::uint32_t count) {
    return {reinterpret_cast<const char*>(region.base() + std::uint64_t{first} * page_bytes),
            std::size_t{count} * page_bytes};
}

noa::Error damaged() {
    return noa::invalid("the saved cache is damaged, or of another format");
}

} // namespace

std::uint64_t image_bytes(const Store& store) {
    std::uint64_t bytes = 4 * sizeof(std::uint64_t);
    store.each_run([&](PageNumber, std::uint32_t count) {
        bytes += 2 * sizeof(std::uint64_t) + std::uint64_t{count} * page_bytes;
    });
    return bytes;
}

void save_image(const Store& store, const Region& region, noa::StateWriter& out) {
    out.number(image_magic);
    out.number(format_version);
    out.number(store.frontier());
    store.each_run([&](PageNumber first, std::uint32_t count) {
        out.number(first);
        out.number(count);
        out.bytes(pages_of(region, first, count));
    });
    out.number(UINT64_MAX);
}

noa::Result<Opened> load_image(noa::StateReader& in, const Limits& limits) {
    const std::uint64_t magic = in.number();
    const std::uint64_t version = in.number();
    const std::uint64_t frontier = in.number();
    if (!in.ok() || magic != image_magic || version != format_version ||
        frontier > most_region_bytes / page_bytes) {
        return damaged();
    }
    auto region = PrivateRegion::map(std::max(Store::region_bytes(limits), frontier * page_bytes));
    if (!region) {
        return std::move(region).error();
    }
    for (;;) {
        const std::uint64_t first = in.number();
        if (in.ok() && first == UINT64_MAX) {
            break;
        }
        const std::uint64_t count = in.number();
        if (!in.ok() || first > frontier || count > frontier - first ||
            !in.bytes(reinterpret_cast<char*>((*region)->base() + first * page_bytes),
                      count * page_bytes)) {
            return damaged();
        }
    }
    auto store = Store::open(**region);
    if (!store) {
        return std::move(store).error();
    }
    if ((*store)->frontier() != frontier) {
        return damaged();
    }
    return Opened{std::move(*region), std::move(*store)};
}

noa::Result<std::unique_ptr<Store>> copy_store(const Store& store, const Region& from,
                                               Region& into) {
    store.each_run([&](PageNumber first, std::uint32_t count) {
        const std::string_view pages = pages_of(from, first, count);
        std::memcpy(into.base() + std::uint64_t{first} * page_bytes, pages.data(), pages.size());
    });
    return Store::open(into);
}

} // namespace cache
