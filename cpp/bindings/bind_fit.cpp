#include <algorithm>
#include <deque>
#include <map>

#include "bindings.hpp"
#include "epochs.hpp"
#include "family.hpp"
#include "fastmlp/nn/ensemble.hpp"
#include "fastmlp/train/fit.hpp"
#include "member.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

template <class Family>
Family member_of(const py::object& given) {
  std::optional<Family> member;
  if (!read_member(given, member)) throw py::type_error("fit_many: expected a member of a family");
  return *member;
}

// (patience, min_delta, relative_delta, on_validation, restore_best), or None.
StopRule stop_rule(const py::object& given) {
  if (given.is_none()) return {};
  const auto [patience, min_delta, relative, on_validation, restore_best] =
      given.cast<std::tuple<Index, double, double, bool, bool>>();
  return {patience, min_delta, relative, on_validation, restore_best};
}

// Networks with their settings as the core reads them, and the memory of their data.
template <class T>
class Fits {
 public:
  // A job is (network, loss, optimizer, batch_size, seed, first_epoch, l1, l2, shuffle, epochs,
  // ends_at_plateau, data, rows, validation, validation_rows); data are (X, targets, weights,
  // lengths), and validation, rows of both may be None. Common are (regularize_biases, weighting,
  // l2_scale, plateau, stopping).
  Fits(py::list jobs, const py::tuple& common) : jobs_(std::move(jobs)) {
    const auto [regularize_biases, weighting, l2_scale] = std::make_tuple(
        common[0].cast<bool>(), common[1].cast<std::string>(), common[2].cast<std::string>());
    FitSettings<T> settings;
    settings.regularize_biases = regularize_biases;
    settings.options.weighting = weighting == "set" ? Weighting::set : Weighting::batch;
    settings.options.l2_scale = l2_scale == "constant" ? L2Scale::constant : L2Scale::batch_weight;
    settings.stopping = stop_rule(common[4]);
    const StopRule plateau = stop_rule(common[3]);
    settings_.reserve(jobs_.size());
    for (const py::handle each : jobs_) {
      const auto job = each.cast<py::tuple>();
      require(job.size() == 15, "fit_many: expected jobs of 15 parts");
      settings.plateau = job[10].cast<bool>() ? plateau : StopRule{};
      read(job, settings);
      settings_.push_back(settings);
    }
  }

  const std::vector<FitSettings<T>>& settings() const { return settings_; }
  // Of all runs together.
  double operations() const {
    double sum = 0;
    for (const FitSettings<T>& each : settings_) sum += operations_of(each);
    return sum;
  }

 private:
  void read(const py::tuple& job, FitSettings<T>& settings) {
    settings.network = &job[0].cast<Network<T>&>();
    TrainerOptions& options = settings.options;
    options.loss = member_of<Loss>(job[1]);
    settings.optimizer = member_of<AnyOptimizer>(job[2]);
    const auto custom = [](const auto& rule) { return rule.learning_rate.custom() != nullptr; };
    const Rule* rule = std::get_if<Rule>(&settings.optimizer);
    require(!rule || !std::visit(custom, *rule), "fit_many: the schedule is in Python");
    options.batch_size = job[3].cast<Index>();
    options.seed = job[4].cast<std::uint64_t>();
    options.first_epoch = job[5].cast<std::uint32_t>();
    settings.l1 = job[6].cast<double>();
    settings.l2 = job[7].cast<double>();
    options.shuffle = job[8].cast<bool>();
    settings.epochs = job[9].cast<Index>();
    settings.training = rows_of_data(job[11], job[12], settings);
    settings.validation = {};
    if (!job[13].is_none()) settings.validation = rows_of_data(job[13], job[14], settings);
    const StopRule& stopping = settings.stopping;
    require(settings.validation.data || stopping.patience == 0 || !stopping.on_validation,
            "fit_many: there is no validation");
  }

  DataRows<T> rows_of_data(const py::tuple& given, const py::object& rows,
                           const FitSettings<T>& settings) {
    data_.emplace_back(given[0], given[1], given[2], given[3], *settings.network,
                       settings.options.loss);
    const Dataset<T>& data = data_.back().data();
    require(data.size() > 0, "fit_many: there are no samples");
    if (rows.is_none()) return {&data, nullptr};
    auto& kept = rows_[{rows.ptr(), data.size()}];
    if (kept.empty()) kept = *order_of(rows, data.size());
    return {&data, &kept};
  }

  py::list jobs_;  // keeps networks, and the addresses of rows
  std::deque<LeasedDataset<T>> data_;
  std::map<std::pair<PyObject*, Index>, std::vector<Index>> rows_;
  std::vector<FitSettings<T>> settings_;
};

// (status, columns of the history, epochs, whether there was an update), or None.
py::object result_of(const FitRecord& record) {
  if (!record.status) return py::none();
  py::dict columns;
  const auto enter = [&](const char* name, const std::vector<double>& values) {
    if (!values.empty()) columns[name] = values;
  };
  enter("loss", record.losses);
  enter("mistakes", record.mistakes);
  enter("val_loss", record.validation_losses);
  return py::make_tuple(record.status, columns, record.epochs, record.updated);
}

// `results` receives that of each job, also where an exception ends the call.
template <class T>
void fit_all(py::list jobs, const py::tuple& common, std::optional<double> max_seconds,
             py::list results, const py::object& progress) {
  const Fits<T> fits(std::move(jobs), common);
  std::vector<FitRecord> records(fits.settings().size());
  std::atomic<Index> finished{0};
  ProgressCheck check(progress, [&] { return static_cast<double>(finished.load()); });
  const auto run_all = [&] {
    const Work work{fits.operations()};
    const auto most = static_cast<Index>(records.size());  // there is no work for others
    const auto threads = static_cast<int>(std::min<Index>(threads_for(work), most));
    const GilRelease release;
    with_team(threads, std::ref(check), [&](ThreadTeam& team) {
      fit_many<T>(fits.settings(), records,
                  max_seconds.value_or(std::numeric_limits<double>::infinity()), finished, team);
    });
  };
  const auto write = [&] {
    for (const FitRecord& record : records) results.append(result_of(record));
  };
  try {
    run_all();
  } catch (...) {
    write();
    throw;
  }
  write();
}

template <class T>
py::tuple ensemble_outputs(const std::vector<std::shared_ptr<Network<T>>>& networks,
                           const py::object& x, const py::object& lengths) {
  require(networks.size() > 1, "predict: expected at least two networks");
  const Plan<T>& first = networks[0]->plan();
  double operations = 0;
  InputRows<T> input(x, first.inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  for (const auto& network : networks) {
    require(
        network->plan().inputs() == first.inputs() && network->plan().outputs() == first.outputs(),
        "predict: the networks have other shapes");
    operations += forward_operations(*network, rows.rows);
  }
  auto [means, mean] = new_rows<T>(rows.rows, first.outputs());
  auto [deviations, deviation] = new_rows<T>(rows.rows, first.outputs());
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  const auto rounds = static_cast<double>(networks.size());
  run({operations / rounds, rounds}, [&, mean = mean, deviation = deviation](ThreadTeam& team) {
    predict_ensemble<T>(networks, rows, mean, deviation, team, steps);
  });
  return py::make_tuple(means, deviations);
}

template <class T>
void bind_fit(py::module_& m) {
  m.def("fit_many", &fit_all<T>, py::arg("jobs"), py::arg("common"), py::arg("max_seconds"),
        py::arg("results"), py::arg("progress"), "Trains many networks, one thread each.");
  m.def("predict_ensemble", &ensemble_outputs<T>, py::arg("networks"), py::arg("X"),
        py::arg("lengths"), "Means and standard deviations of the outputs of the networks.");
}

}  // namespace

void bind_fits(py::module_& float32, py::module_& float64) {
  bind_fit<float>(float32);
  bind_fit<double>(float64);
}

}  // namespace fastmlp::bindings
