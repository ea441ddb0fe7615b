#include "walker.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <shared_mutex>

#include "../repository/system_error.hpp"

namespace backup {

namespace {

constexpr std::size_t deepest_folder = 1000;

// Names of a folder, sorted; nothing and errno when it cannot be read.
std::optional<std::vector<std::string>> names_in(const std::string& path) {
    // What was a folder when it was looked at may be a link now.
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR* folder = fd >= 0 ? ::fdopendir(fd) : nullptr;
    if (folder == nullptr) {
        const int code = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        errno = code;
        return std::nullopt;
    }
    std::vector<std::string> names;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
    while (const dirent* entry = ::readdir(folder)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
        errno = 0;
    }
    const int code = errno;
    ::closedir(folder);
    errno = code;
    if (code != 0) {
        return std::nullopt;
    }
    std::ranges::sort(names);
    return names;
}

const Node* find_node(const std::vector<Node>& nodes, const std::string& name) {
    const auto at = std::ranges::lower_bound(nodes, name, std::less<>(), &Node::name);
    return at != nodes.end() && at->name == name ? &*at : nullptr;
}

Node default_folder() {
    Node node;
    node.kind = NodeKind::dir;
    node.mode = go_mode_of(S_IFDIR | 0755);
    return node;
}

// Not followed, and without a new access time where that is allowed.
UniqueFd open_to_read(const std::string& path) {
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    UniqueFd fd(::open(path.c_str(), flags | O_NOATIME));
    return fd || errno != EPERM ? std::move(fd) : UniqueFd(::open(path.c_str(), flags));
}

bool is_same(const struct stat& before, const struct stat& after) {
    return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
           before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

} // namespace

noa::sdk::Result<Place> places_of(const std::vector<Source>& sources) {
    Place top;
    for (const Source& source : sources) {
        std::vector<std::string> parts = parts_of(source.path);
        const bool astray = std::ranges::any_of(
            parts, [](const std::string& part) { return part == "." || part == ".."; });
        if (!source.path.starts_with('/') || astray) {
            return noa::sdk::invalid(source.path + ": must be an absolute path without . and ..");
        }
        Place* at = &top;
        std::string path;
        for (std::string& part : parts) {
            path.append("/").append(part);
            auto below = std::ranges::lower_bound(at->below, part, std::less<>(), &Place::name);
            if (below == at->below.end() || below->name != part) {
                below = at->below.insert(below, Place{part, path, false, {}});
            }
            at = &*below;
        }
        at->whole = true;
        at->from = source.from.empty() ? source.path : source.from;
    }
    return top;
}

noa::sdk::Result<std::unique_ptr<Walker>>
Walker::make(Repository& repository, const ArchiveOptions& options, BlobWriter& writer,
             Assembly& assembly, ChunkQueue& queue, Progress& progress, std::stop_token stop) {
    auto reader = BlobReader::make(repository);
    auto forge = writer.forge();
    if (!reader || !forge) {
        return !reader ? reader.error() : forge.error();
    }
    return std::unique_ptr<Walker>(new Walker(repository, options, assembly, queue, progress,
                                              std::move(stop), *std::move(reader),
                                              *std::move(forge)));
}

Walker::Walker(Repository& repository, const ArchiveOptions& options, Assembly& assembly,
               ChunkQueue& queue, Progress& progress, std::stop_token stop, BlobReader reader,
               BlobForge forge)
    : repository_(repository), options_(options), assembly_(assembly), queue_(queue),
      progress_(progress), stop_(std::move(stop)), reader_(std::move(reader)),
      forge_(std::move(forge)), chunker_(repository.config().polynomial),
      excludes_(options.excludes),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(largest_chunk)) {}

noa::sdk::Status Walker::walk(const std::optional<Id>& parent) {
    const auto top = places_of(options_.sources);
    if (!top) {
        return top.error();
    }
    OpenDirectory* directory = assembly_.open_directory(nullptr, 0, default_folder());
    return top->whole ? walk_folder("", top->from, directory, parent)
                      : walk_place(*top, "", directory, parent);
}

Walker::Nodes Walker::former_nodes(const std::optional<Id>& tree) {
    if (!tree) {
        return {};
    }
    const auto text = reader_.read(*tree, BlobKind::tree);
    auto nodes = text ? parse_tree(text_of(*text)) : noa::sdk::Result<Nodes>(text.error());
    return nodes ? *std::move(nodes) : Nodes(); // what is damaged there is read here
}

// The folders above sources: as they are, with nothing in them but what leads there.
noa::sdk::Status Walker::walk_place(const Place& place, const std::string& path,
                                    OpenDirectory* directory, const std::optional<Id>& former) {
    const Nodes nodes = former_nodes(former);
    directory->entries.resize(place.below.size());
    noa::sdk::Status done;
    for (std::size_t slot = 0; done && slot < place.below.size(); ++slot) {
        const Place& below = place.below[slot];
        const std::string its_path = path + "/" + below.name;
        const Node* then = find_node(nodes, below.name);
        if (options_.omitted.contains(its_path)) {
            continue;
        }
        if (below.whole) {
            done = add({directory, slot, then, below.name, its_path, below.from});
            continue;
        }
        struct stat found {};
        Node node = ::lstat(below.from.c_str(), &found) == 0 && S_ISDIR(found.st_mode)
                        ? node_of(found, below.from, owners_)
                        : default_folder();
        node.name = below.name;
        done =
            walk_place(below, its_path, assembly_.open_directory(directory, slot, std::move(node)),
                       then != nullptr ? then->subtree : std::nullopt);
    }
    return done ? assembly_.entry_done(directory, forge_) : done;
}

noa::sdk::Status Walker::walk_folder(const std::string& path, const std::string& from,
                                     OpenDirectory* directory, const std::optional<Id>& former) {
    auto names = names_in(from);
    if (!names) {
        progress_.fault(path, system_error("list", from).text);
        names.emplace();
    }
    ++directories_;
    std::erase_if(*names, [&](const std::string& name) {
        const std::string its_path = path + "/" + name;
        return options_.omitted.contains(its_path) || excludes_.match(its_path);
    });
    directory->entries.resize(names->size());
    noa::sdk::Status done;
    {
        const Nodes nodes = former_nodes(former);
        for (std::size_t slot = 0; done && slot < names->size(); ++slot) {
            const std::string& name = (*names)[slot];
            std::string its_path = path;
            its_path.append("/").append(name);
            std::string its_from = from == "/" ? "" : from;
            its_from.append("/").append(name);
            done = add({directory, slot, find_node(nodes, name), name, its_path, its_from});
        }
    }
    return done ? assembly_.entry_done(directory, forge_) : done;
}

noa::sdk::Status Walker::add(const Entry& entry) {
    if (stop_.stop_requested()) {
        return interrupted();
    }
    const auto other = options_.substitutes.find(entry.path);
    const std::string& from = other != options_.substitutes.end() ? other->second : entry.from;
    struct stat found {};
    if (::lstat(from.c_str(), &found) != 0) {
        if (errno != ENOENT) { // gone since it was listed
            progress_.fault(entry.path, system_error("look at", from).text);
        }
        return {};
    }
    if (S_ISREG(found.st_mode)) {
        return add_file(entry, from, found);
    }
    if (!S_ISDIR(found.st_mode)) {
        add_special(entry, found);
        return {};
    }
    if (std::ranges::count(entry.path, '/') > static_cast<std::ptrdiff_t>(deepest_folder)) {
        progress_.fault(entry.path, "nested too deep");
        return {};
    }
    Node node = node_of(found, from, owners_);
    node.name = entry.name;
    OpenDirectory* directory =
        assembly_.open_directory(entry.directory, entry.slot, std::move(node));
    return walk_folder(entry.path, from, directory,
                       entry.former != nullptr ? entry.former->subtree : std::nullopt);
}

void Walker::add_special(const Entry& entry, const struct stat& found) {
    Node node = node_of(found, entry.from, owners_);
    node.name = entry.name;
    if (node.kind != NodeKind::other && node.kind != NodeKind::socket) {
        append_node(entry.directory->entries[entry.slot], node);
    }
}

bool Walker::is_unchanged(const Node& node, const Node* former) const {
    if (former == nullptr || former->kind != NodeKind::file || node.size != former->size ||
        node.mtime != former->mtime || node.ctime != former->ctime || node.inode != former->inode) {
        return false;
    }
    const std::shared_lock lock(repository_.index_mutex());
    return std::ranges::all_of(former->content, [this](const Id& id) {
        return repository_.index().has(id, BlobKind::data);
    });
}

noa::sdk::Status Walker::add_file(const Entry& entry, const std::string& from,
                                  const struct stat& before) {
    ++files_;
    Node node = node_of(before, from, owners_);
    node.name = entry.name;
    if (is_unchanged(node, entry.former)) {
        ++unchanged_;
        progress_.files += 1;
        progress_.bytes += node.size;
        node.content = entry.former->content;
        append_node(entry.directory->entries[entry.slot], node);
        return {};
    }
    const UniqueFd fd = open_to_read(from);
    struct stat opened {};
    if (!fd || ::fstat(fd.get(), &opened) != 0 || !S_ISREG(opened.st_mode)) {
        progress_.fault(entry.path, system_error("open", from).text);
        return {};
    }
    node = node_of(opened, from, owners_);
    node.name = entry.name;
    node.size = 0; // what is read
    OpenRegular* open = assembly_.open_file(entry.directory, entry.slot, std::move(node));
    if (noa::sdk::Status read = read_chunks(entry, fd.get(), open); !read) {
        return read;
    }
    struct stat after {};
    if (::fstat(fd.get(), &after) == 0 && !is_same(opened, after)) {
        progress_.fault(entry.path, "it changed while it was read");
    }
    progress_.files += 1;
    return assembly_.part_done(open, forge_);
}

noa::sdk::Status Walker::read_chunks(const Entry& entry, int fd, OpenRegular* file) {
    std::size_t filled = 0;
    std::size_t scanned = 0;
    for (;;) {
        const std::size_t step = std::min(smallest_chunk, largest_chunk - filled);
        const ssize_t done = ::read(fd, buffer_.get() + filled, step);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            progress_.fault(entry.path, system_error("read", entry.from).text);
            file->failed = true;
            return {};
        }
        if (done == 0) {
            return filled > 0 ? push(file, View(buffer_.get(), filled)) : noa::sdk::Status();
        }
        filled += static_cast<std::size_t>(done);
        while (const std::size_t cut = chunker_.cut(View(buffer_.get(), filled), scanned)) {
            if (noa::sdk::Status pushed = push(file, View(buffer_.get(), cut)); !pushed) {
                return pushed;
            }
            std::memmove(buffer_.get(), buffer_.get() + cut, filled - cut);
            filled -= cut;
            scanned = 0;
        }
        scanned = filled;
    }
}

noa::sdk::Status Walker::push(OpenRegular* file, View chunk) {
    if (stop_.stop_requested()) {
        return interrupted();
    }
    Chunk copy{std::make_unique_for_overwrite<std::uint8_t[]>(chunk.size()), chunk.size()};
    std::memcpy(copy.data.get(), chunk.data(), chunk.size());
    file->node.size += chunk.size();
    file->open += 1;
    Id* place = &file->content.emplace_back();
    // Refused when one that stores has failed, which is what is told then.
    return queue_.push({file, place, std::move(copy)}, chunk.size()) ? noa::sdk::Status()
                                                                     : interrupted();
}

} // namespace backup
