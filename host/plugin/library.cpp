#include "plugin/library.hpp"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "plugin/text.hpp"
#include "plugin/wall.hpp"

namespace noa::plugin {

namespace {

constexpr std::size_t loader_text_max = 500;

// What dlerror says, without the path that it starts with: the error names the file itself.
std::string loader_text(const std::filesystem::path& path) {
    const char* text = ::dlerror(); // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
    std::string out = printable(bounded(text, loader_text_max), loader_text_max);
    const std::string prefix = path.string() + ": ";
    if (out.starts_with(prefix)) {
        out.erase(0, prefix.size());
    }
    return out.empty() ? "the loader does not say why" : out;
}

void tell(const Library::Steps& step, std::string_view name) {
    if (step) {
        step(name);
    }
}

} // namespace

Library::Library(boost::dll::shared_library library, std::filesystem::path path)
    : library_(std::move(library)), path_(std::move(path)) {}

Result<Library> Library::open(const std::filesystem::path& path, const Steps& step) {
    std::error_code code;
    const auto absolute = std::filesystem::absolute(path, code);
    if (code) {
        return fail_errno("load plugin", path.string(), code.value());
    }
    const auto refuse = [&](std::string reason) {
        return fail(Errc::refused, "load plugin", absolute.string(), std::move(reason));
    };

    tell(step, "constructor");
    boost::dll::shared_library handle;
    // The overload without an error code throws, and appends a text of its own to dlerror's.
    handle.load(absolute, code,
                boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (code || !handle.is_loaded()) {
        return refuse("dlopen: " + loader_text(absolute));
    }
    Library library(std::move(handle), absolute);

    tell(step, "entry");
    // dlsym, not Boost's get: that throws when the symbol is missing.
    auto* symbol = ::dlsym(library.library_.native(), NOA_PLUGIN_ENTRY_NAME);
    if (symbol == nullptr) {
        return refuse("entry: " + loader_text(absolute));
    }
    const auto entry = reinterpret_cast<noa_plugin_entry>(symbol);
    noa_error error = empty_error();
    if (behind_wall(error, [&] {
            library.table_ = entry();
            return NOA_OK;
        }) != NOA_OK) {
        return refuse("entry: " + std::string(error.text));
    }

    tell(step, "table");
    if (auto checked = check_table(library.table_, absolute); !checked) {
        return Failure(checked.error());
    }
    return library;
}

void Library::close() {
    table_ = nullptr;
    library_.unload();
}

namespace {

// The loader's entry of a library, as `visit` sees it; false when there is none.
template <class Visit>
bool find_loaded(const std::string& name, Visit visit) {
    struct Search {
        const std::string& name;
        Visit& visit;
    } search{name, visit};
    return ::dl_iterate_phdr(
               [](dl_phdr_info* info, std::size_t /*size*/, void* data) {
                   auto& wanted = *static_cast<Search*>(data);
                   if (info->dlpi_name == nullptr || wanted.name != info->dlpi_name) {
                       return 0;
                   }
                   wanted.visit(*info);
                   return 1;
               },
               &search) != 0;
}

} // namespace

bool is_mapped(const std::filesystem::path& path) {
    std::error_code code;
    const std::string name = std::filesystem::absolute(path, code).string();
    if (void* handle = ::dlopen(name.c_str(), RTLD_NOLOAD | RTLD_LAZY | RTLD_LOCAL)) {
        ::dlclose(handle);
    }
    return find_loaded(name, [](const dl_phdr_info&) {});
}

AddressRange mapped_range(const std::filesystem::path& path) {
    std::error_code code;
    AddressRange range;
    find_loaded(std::filesystem::absolute(path, code).string(), [&](const dl_phdr_info& info) {
        range.begin = UINTPTR_MAX;
        for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
            const auto& segment = info.dlpi_phdr[i];
            if (segment.p_type == PT_LOAD) {
                range.begin =
                    std::min<std::uintptr_t>(range.begin, info.dlpi_addr + segment.p_vaddr);
                range.end = std::max<std::uintptr_t>(range.end, info.dlpi_addr + segment.p_vaddr +
                                                                    segment.p_memsz);
            }
        }
    });
    return range;
}

} // namespace noa::plugin
