#include "assembly.hpp"

#include <utility>

namespace backup {

namespace {

// Out of those that are kept; the caller frees it.
template <class T>
std::unique_ptr<T> take(std::mutex& mutex, std::unordered_map<const T*, std::unique_ptr<T>>& all,
                        const T* one) {
    const std::lock_guard lock(mutex);
    return std::move(all.extract(one).mapped());
}

} // namespace

OpenDirectory* Assembly::open_directory(OpenDirectory* parent, std::size_t slot, Node node) {
    auto directory = std::make_unique<OpenDirectory>();
    directory->parent = parent;
    directory->slot = slot;
    directory->node = std::move(node);
    if (parent != nullptr) {
        parent->open += 1;
    }
    OpenDirectory* place = directory.get();
    const std::lock_guard lock(mutex_);
    directories_.emplace(place, std::move(directory));
    return place;
}

OpenRegular* Assembly::open_file(OpenDirectory* directory, std::size_t slot, Node node) {
    auto file = std::make_unique<OpenRegular>();
    file->directory = directory;
    file->slot = slot;
    file->node = std::move(node);
    directory->open += 1;
    OpenRegular* place = file.get();
    const std::lock_guard lock(mutex_);
    files_.emplace(place, std::move(file));
    return place;
}

noa::sdk::Status Assembly::part_done(OpenRegular* file, BlobForge& forge) {
    if (file->open.fetch_sub(1) != 1) {
        return {};
    }
    const std::unique_ptr<OpenRegular> owned = take(mutex_, files_, file);
    if (!file->failed) {
        file->node.content.assign(file->content.begin(), file->content.end());
        append_node(file->directory->entries[file->slot], file->node);
    }
    return entry_done(file->directory, forge);
}

noa::sdk::Status Assembly::entry_done(OpenDirectory* directory, BlobForge& forge) {
    while (directory != nullptr && directory->open.fetch_sub(1) == 1) {
        const std::unique_ptr<OpenDirectory> owned = take(mutex_, directories_, directory);
        std::erase_if(directory->entries, [](const std::string& entry) { return entry.empty(); });
        const std::string json = tree_json(directory->entries);
        const Id id = sha256(view_of(json));
        if (const auto saved = writer_.save(BlobKind::tree, id, view_of(json), forge); !saved) {
            return saved.error();
        }
        directory = directory->parent;
        if (directory == nullptr) {
            top_ = id;
        } else {
            owned->node.subtree = id;
            append_node(directory->entries[owned->slot], owned->node);
        }
    }
    return {};
}

} // namespace backup
