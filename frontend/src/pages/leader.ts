import { boot } from "../lib/boot";
import { LeaderPage } from "../leader/page";

void new LeaderPage(boot()).start();
