// A directory of its own for each test, and shorthands for configurations.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace noa::config {

class FilesTest : public ::testing::Test {
protected:
    FilesTest() {
        std::string name = ::testing::TempDir() + "noa-config-XXXXXX";
        root_ = ::mkdtemp(name.data());
    }
    ~FilesTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }

    std::filesystem::path write(const std::string& name, std::string_view text,
                                mode_t mode = 0600) {
        const auto file = root_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
        ::chmod(file.c_str(), mode);
        return file;
    }

    [[nodiscard]] Sources sources() const {
        Sources sources;
        sources.packaged_dir = root_ / "usr/conf.d";
        sources.main_file = root_ / "etc/noa.toml";
        sources.state_dir_conf = root_ / "var/conf.d";
        return sources;
    }

    std::filesystem::path root_;
};

inline Result<Config> read(std::string_view text,
                           const std::map<std::string, std::string>& environment = {}) {
    return load_text(text, "noa.toml", environment);
}

// The lines of all errors; empty when there is none.
inline std::string errors_of(std::string_view text,
                             const std::map<std::string, std::string>& environment = {}) {
    const auto config = read(text, environment);
    return config ? std::string() : config.error().reason;
}

} // namespace noa::config
