#include "size_scan.hpp"

#include <filesystem>

namespace backup {

namespace fs = std::filesystem;

void scan_sizes(const ArchiveOptions& options, Progress& progress, const std::stop_token& stop) {
    const Excludes excludes(options.excludes);
    const auto count = [&](const fs::directory_entry& entry) {
        std::error_code failed;
        if (!entry.is_symlink(failed) && entry.is_regular_file(failed)) {
            const auto size = entry.file_size(failed);
            progress.all_files += 1;
            progress.all_bytes += failed ? 0 : size;
        }
    };
    for (const Source& source : options.sources) {
        if (options.omitted.contains(source.path)) {
            continue;
        }
        std::error_code failed;
        const auto other = options.substitutes.find(source.path);
        const fs::path top = other != options.substitutes.end() ? other->second
                             : source.from.empty()              ? source.path
                                                                : source.from;
        count(fs::directory_entry(top, failed));
        fs::recursive_directory_iterator at(top, fs::directory_options::skip_permission_denied,
                                            failed);
        for (; !failed && at != fs::recursive_directory_iterator() && !stop.stop_requested();
             at.increment(failed)) {
            std::string path = source.path;
            path += at->path().native().substr(top.native().size());
            if (options.omitted.contains(path) || excludes.match(path)) {
                at.disable_recursion_pending();
            } else {
                count(*at);
            }
        }
    }
}

} // namespace backup
