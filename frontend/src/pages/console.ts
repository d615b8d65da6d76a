import { boot } from "../lib/boot";
import { CommandCentre } from "../console/page";

void new CommandCentre(boot()).start();
