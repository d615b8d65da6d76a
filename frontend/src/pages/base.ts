import "../styles/base.css";
import { closeMenus } from "../lib/menu";

closeMenus();
