// Whatever lies in a snapshot's file: read it, and a store that took something still works. With an
// odd first byte the hashes are mended, so that what is behind them is reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

// Parts of a plugin, which is no library.
#include "../../plugins/cache/snapshot/block.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/snapshot/load.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/index.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/pages.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/place.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/policy.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/region.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/sketch.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/slabs.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/store.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/upkeep.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/store/wheel.cpp"    // NOLINT(bugprone-suspicious-include)

namespace {

using namespace cache;

void mend(std::string& file) {
    std::uint64_t number = 0;
    for (std::size_t at = snapshot::file_head_bytes; at < file.size(); ++number) {
        const auto head = snapshot::block_head_of(std::string_view(file).substr(at));
        if (!head || head->size > file.size() - at - snapshot::block_head_bytes) {
            return;
        }
        const std::string block = snapshot::make_block(
            head->kind, head->count, number,
            std::string_view(file).substr(at + snapshot::block_head_bytes, head->size));
        file.replace(at, block.size(), block);
        at += block.size();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 != 0) {
        mend(file);
    }
    const Limits limits{.bytes = least_store_bytes};
    const auto region = PrivateRegion::map(Store::region_bytes(limits));
    const auto store = Store::format(**region, limits, Instant(1000));
    const auto read = [&](std::uint64_t offset, char* into, std::size_t count) {
        if (offset > file.size() || count > file.size() - offset) {
            std::abort(); // it knows the size
        }
        std::copy_n(file.data() + offset, count, into);
        return true;
    };
    const auto loaded = snapshot::load({read, file.size()}, **store, {Instant(1000), 1'000'000},
                                       [] { return false; });
    if (!loaded && (*store)->entries() != 0) {
        std::abort();
    }
    std::uint64_t cursor = 0;
    do {
        cursor = (*store)->scan_all(cursor, Instant(1000), [](const Shown& shown) {
            if (shown.key.size() > longest_key || shown.value.bytes.size() > longest_value) {
                std::abort();
            }
        });
    } while (cursor != 0);
    (*store)->invalidate("tag");
    while ((*store)->upkeep(Instant(100'000'000'000), 1000)) {}
    if ((*store)->bytes() > least_store_bytes) {
        std::abort();
    }
    return 0;
}
