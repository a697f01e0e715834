-- OSRM's own car.lua, found on LUA_PATH, with the fastest instead of the most pleasant way and without costs of turns,
-- signals and gates: what is left are speeds, access, one-ways, turn restrictions and 20 s for turning round. Private
-- streets are closed as in our profile; OSRM would drive along them once the price of pleasantness is gone.
local car = require("car")
local car_setup = car.setup

local function setup()
  local profile = car_setup()
  profile.properties.weight_name = "duration"
  for _, access in ipairs({ "private", "permit", "residents" }) do
    profile.restricted_access_tag_list[access] = nil
    profile.access_tag_blacklist[access] = true
  end
  return profile
end

local function process_turn(profile, turn)
  turn.duration = turn.is_u_turn and profile.properties.u_turn_penalty or 0
  turn.weight = turn.duration
end

return {
  setup = setup,
  process_way = car.process_way,
  process_node = car.process_node,
  process_turn = process_turn,
}
