#
# Ansible managed
#
# Role sciportal.hosting.sbatch_service: the type uwsgi reads it before an application of Rack. Since Rack 3 a config.ru
# is parsed to the application alone, where uWSGI takes the first of a list (unbit/uwsgi#2704).
require "rack"
require "rack/builder"

if Rack.release.to_i >= 3
  Rack::Builder.singleton_class.prepend(
    Module.new do
      def parse_file(...)
        [super, {}]
      end
    end
  )
end
