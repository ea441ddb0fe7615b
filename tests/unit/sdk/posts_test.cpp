#include <thread>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using ::testing::ElementsAre;

class Posts : public Scene {
protected:
    void go(std::function<void(TestAgent&)> work) {
        run([work = std::move(work)](TestAgent& self, noa::Setup& setup) {
            setup.operation("go", [&self, work] { work(self); });
        });
        agent.call("go");
    }
};

TEST_F(Posts, RunOnTheLaneInOrder) {
    std::vector<int> seen;
    go([&](TestAgent& self) {
        std::thread([&] {
            for (int number = 0; number < 3; ++number) {
                EXPECT_TRUE(self.post([&seen, &self, number] {
                    EXPECT_TRUE(self.host().on_lane());
                    seen.push_back(number);
                }));
            }
        }).join();
    });
    EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

TEST_F(Posts, GoOnAfterOneThatThrows) {
    int seen = 0;
    go([&](TestAgent& self) {
        EXPECT_TRUE(self.post([] { throw 1; }));
        EXPECT_TRUE(self.post([&] { ++seen; }));
    });
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(agent.logs().size(), 1U);
}

TEST_F(Posts, AreBounded) {
    go([](TestAgent& self) {
        for (int count = 0; count < 65'536; ++count) {
            ASSERT_TRUE(self.post([] {}));
        }
        EXPECT_EQ(self.post([] {}).error().status, NOA_E_BUSY);
    });
}

TEST_F(Posts, MayPostAgain) {
    int seen = 0;
    go([&](TestAgent& self) {
        EXPECT_TRUE(self.post([&] { EXPECT_TRUE(self.post([&] { ++seen; })); }));
    });
    EXPECT_EQ(seen, 1);
}

} // namespace
} // namespace noa::test
