// A loaded plugin file.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include <boost/dll/shared_library.hpp>

#include "base/result.hpp"
#include "noa/plugin.h"

namespace noa::plugin {

// Open and use it on one thread (the lane), join that thread, then close it on another: a
// thread_local of the plugin with a destructor keeps the library mapped as long as the thread
// that touched it lives. Closed on its own lane such a library stays until is_mapped is asked
// after the join.
class Library {
public:
    // Called with "constructor", "entry", "table" right before each is tried.
    using Steps = std::function<void(std::string_view)>;

    // dlopen with RTLD_NOW | RTLD_LOCAL, entry, and the checks of check_table.
    // REQUIRES: scan accepted the file; it, not the table, says whether this host is new enough.
    [[nodiscard]] static Result<Library> open(const std::filesystem::path& path,
                                              const Steps& step = {});

    Library(Library&&) noexcept = default;
    Library& operator=(Library&&) noexcept = default;

    // Valid until close.
    [[nodiscard]] const noa_plugin& table() const noexcept { return *table_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    // Whether it worked is is_mapped's to say.
    void close();

private:
    Library(boost::dll::shared_library library, std::filesystem::path path);
    boost::dll::shared_library library_;
    const noa_plugin* table_ = nullptr;
    std::filesystem::path path_;
};

// Field by field: struct_size, mandatory functions, texts and their lengths, state schemas.
// An abi_minor above the host's passes: the note's min_host_minor, which scan has checked,
// decides.
[[nodiscard]] Result<void> check_table(const noa_plugin* table, const std::filesystem::path& path);

// Whether a file of this path is still mapped into the process, by RTLD_NOLOAD and by
// dl_iterate_phdr. Asking also unmaps a library that was closed while a thread still held it
// and that no thread holds any more (glibc looks only at the next dlclose).
[[nodiscard]] bool is_mapped(const std::filesystem::path& path);

// Where a loaded library's segments lie: first address, and the one behind the last. Zeroes when
// it is not mapped.
struct AddressRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};
[[nodiscard]] AddressRange mapped_range(const std::filesystem::path& path);

} // namespace noa::plugin
