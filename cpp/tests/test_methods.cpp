#include "fastmlp/optim/minimize.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "functions.hpp"
#include "members.hpp"

using namespace fastmlp;

namespace {

template <class M>
M tight() {
  M method;
  method.gtol = 1e-8;
  return method;
}

std::vector<AnyOptimizer> methods() {
  std::vector<AnyOptimizer> all{tight<LBFGS>(), tight<BFGS>(), tight<SaddleFreeNewton>(),
                                tight<HessianFree>()};
  Newton levenberg = tight<Newton>();
  levenberg.damping = std::string("levenberg");
  all.insert(all.end(), {tight<Newton>(), levenberg});
  for (const char* formula :
       {"polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan", "daniel"}) {
    NonlinearCG cg = tight<NonlinearCG>();
    cg.formula = formula;
    all.emplace_back(cg);
  }
  return all;
}

template <class T>
MinimizeResult run(Function<T>& f, std::vector<T>& w, const AnyOptimizer& method, Index steps) {
  ThreadTeam team;
  const auto optimizer = make_optimizer<T>(method, f.size());
  return minimize<T>(f, w.data(), *optimizer, steps, team,
                     [](const T*) { return Status::running; });
}

}  // namespace

TEST_CASE("every method finds the minima of the test functions") {
  struct Case {
    const char* name;
    Function<double> f;
    std::vector<double> w;
  };
  for (const AnyOptimizer& method : methods()) {
    std::vector<double> ten(10, 1.0);
    for (std::size_t i = 0; i < 10; i += 2) ten[i] = -1.2;
    std::vector<double> hundred(100, 1.0);
    for (std::size_t i = 0; i < 100; i += 2) hundred[i] = -1.2;
    Case cases[] = {{"rosenbrock 2", rosenbrock<double>(2), {-1.2, 1}},
                    {"rosenbrock 10", rosenbrock<double>(10), ten},
                    {"rosenbrock 100", rosenbrock<double>(100), hundred},
                    {"beale", beale<double>(), {1, 1}},
                    {"booth", booth<double>(), {0, 0}},
                    {"powell", powell<double>(), {3, -1, 0, 1}}};
    for (Case& c : cases) {
      const MinimizeResult result = run(c.f, c.w, method, 5000);
      CAPTURE(c.name);
      CAPTURE(key(std::get<Method>(method)));
      CHECK(result.status == Status::converged);
      CHECK(result.evaluations <= c.f.evaluations);  // which counts those of differences too
    }
  }
}
