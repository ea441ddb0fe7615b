// A plugin's whole life on one thread, dlopen and dlclose included, and after the join nothing
// of it is mapped. Arguments: the files of plugins.
#include <dlfcn.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "noa/testing/harness.hpp"

namespace {

std::vector<std::string> files; // from main, before the tests

bool mapped(const std::string& path) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.ends_with(path)) {
            return true;
        }
    }
    return false;
}

void live(const std::string& path, bool serve) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror(); // NOLINT(concurrency-mt-unsafe): kept per thread
    auto entry = reinterpret_cast<noa_plugin_entry>(dlsym(library, "noa_plugin_entry_v1"));
    ASSERT_NE(entry, nullptr);
    {
        noa::testing::Harness agent(entry());
        ASSERT_TRUE(agent.create());
        if (serve && agent.configure("{}", true) && agent.start()) {
            EXPECT_EQ(agent.call("no-such-operation").status, NOA_E_UNSUPPORTED);
            agent.call("echo", "x");
            agent.call("work", R"({"rounds": 10})"); // a thread and a task, where there is one
            agent.call("set", R"({"key": "a", "value": 1, "ttl_s": 1})");
            agent.advance(std::chrono::seconds(60));
            const auto stopped = agent.quiesce();
            EXPECT_TRUE(stopped) << stopped.text;
            noa::testing::SavedState state;
            EXPECT_TRUE(agent.save(state));
        }
    }
    EXPECT_TRUE(mapped(path));
    EXPECT_EQ(dlclose(library), 0);
}

TEST(Unload, LeavesNothingMapped) {
    ASSERT_FALSE(files.empty());
    for (const std::string& path : files) {
        for (const bool serve : {false, true}) {
            SCOPED_TRACE(path);
            std::thread([&] { live(path, serve); }).join();
            EXPECT_EQ(dlopen(path.c_str(), RTLD_NOLOAD | RTLD_NOW), nullptr);
            EXPECT_FALSE(mapped(path));
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int at = 1; at < argc; ++at) {
        files.push_back(std::filesystem::absolute(argv[at]));
    }
    return RUN_ALL_TESTS();
}
